//! The operators and how tightly they bind.

use crate::syntax::ast::BinaryOperator;

/// The operator written so; the two bitwise ones of other languages are not ours.
pub(super) fn operator(text: &str) -> Option<BinaryOperator> {
    Some(match text {
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "%" => BinaryOperator::Remainder,
        "+" => BinaryOperator::Add,
        "-" => BinaryOperator::Subtract,
        ".." => BinaryOperator::Range,
        "..=" => BinaryOperator::RangeInclusive,
        "??" => BinaryOperator::Coalesce,
        "<" => BinaryOperator::Less,
        "<=" => BinaryOperator::LessOrEqual,
        ">" => BinaryOperator::Greater,
        ">=" => BinaryOperator::GreaterOrEqual,
        "==" => BinaryOperator::Equal,
        "!=" => BinaryOperator::NotEqual,
        "&&" => BinaryOperator::And,
        "||" => BinaryOperator::Or,
        _ => return None,
    })
}

impl BinaryOperator {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Remainder => "%",
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Range => "..",
            BinaryOperator::RangeInclusive => "..=",
            BinaryOperator::Coalesce => "??",
            BinaryOperator::Less => "<",
            BinaryOperator::LessOrEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterOrEqual => ">=",
            BinaryOperator::Equal => "==",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::And => "&&",
            BinaryOperator::Or => "||",
        }
    }

    /// Higher binds tighter; the conditional binds less than all, a prefix more.
    pub(in crate::syntax) fn precedence(self) -> u8 {
        match self {
            BinaryOperator::Or => 1,
            BinaryOperator::And => 2,
            BinaryOperator::Equal | BinaryOperator::NotEqual => 3,
            BinaryOperator::Less
            | BinaryOperator::LessOrEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterOrEqual => 4,
            BinaryOperator::Coalesce => 5,
            BinaryOperator::Range | BinaryOperator::RangeInclusive => 6,
            BinaryOperator::Add | BinaryOperator::Subtract => 7,
            BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Remainder => 8,
        }
    }

    /// `a < b < c` and `a == b != c` are refused.
    pub(in crate::syntax) fn is_comparison(self) -> bool {
        matches!(self.precedence(), 3 | 4)
    }
}
