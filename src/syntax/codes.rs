//! What can be wrong with a text: the codes of this room, each with its fixed title.

use crate::diag::Code;

pub static TOO_LARGE: Code = Code::error("cnx::syntax::file_too_large", "the file is larger than 16 MiB");
pub static TOO_DEEP: Code = Code::error("cnx::syntax::nesting_too_deep", "nested too deeply");
pub static STRING_TOO_LONG: Code = Code::error("cnx::syntax::string_too_long", "a string is longer than 1 MiB");
pub static NUMBER_TOO_LONG: Code = Code::error("cnx::syntax::number_too_long", "a number has too many digits");
pub static UNCLOSED_BRACKET: Code = Code::error("cnx::syntax::unclosed_bracket", "a bracket is never closed");
pub static STRAY_BRACKET: Code = Code::error("cnx::syntax::stray_bracket", "a closing bracket closes nothing");
pub static MISMATCHED_BRACKETS: Code =
    Code::error("cnx::syntax::mismatched_brackets", "a bracket is closed by one of another kind");
pub static UNCLOSED_STRING: Code = Code::error("cnx::syntax::unclosed_string", "a string is never closed");
pub static UNCLOSED_INTERPOLATION: Code =
    Code::error("cnx::syntax::unclosed_interpolation", "an interpolation is never closed");
pub static SINGLE_QUOTES: Code = Code::error("cnx::syntax::single_quotes", "a string in single quotes");
pub static SLASH_COMMENT: Code = Code::error("cnx::syntax::slash_comment", "a comment that does not begin with `#`");
pub static HEREDOC: Code = Code::error("cnx::syntax::heredoc", "a heredoc");
pub static SEMICOLON: Code = Code::error("cnx::syntax::semicolon", "a semicolon");
pub static UNEXPECTED_CHARACTER: Code =
    Code::error("cnx::syntax::unexpected_character", "a character that means nothing here");
pub static UNKNOWN_ESCAPE: Code = Code::error("cnx::syntax::unknown_escape", "an unknown escape in a string");
pub static MULTILINE_STRING: Code =
    Code::error("cnx::syntax::multiline_string", "a multi-line string is not laid out as one");
pub static BAD_NUMBER: Code = Code::error("cnx::syntax::bad_number", "not a number");
pub static EXPONENT: Code = Code::error("cnx::syntax::exponent", "a number in exponent form");
pub static BAD_DURATION: Code = Code::error("cnx::syntax::bad_duration", "not a duration");
pub static BAD_NAME: Code = Code::error("cnx::syntax::bad_name", "not a name");
pub static RESERVED_WORD: Code = Code::error("cnx::syntax::reserved_word", "a reserved word as a name");
pub static EXPECTED_EQUALS: Code = Code::error("cnx::syntax::expected_equals", "`=` is missing");
pub static COLON_FOR_EQUALS: Code = Code::error("cnx::syntax::colon_for_equals", "`:` where `=` belongs");
pub static EXPECTED_VALUE: Code = Code::error("cnx::syntax::expected_value", "a value is missing");
pub static EXPECTED_TYPE: Code = Code::error("cnx::syntax::expected_type", "a type is missing");
pub static EXPECTED_NAME: Code = Code::error("cnx::syntax::expected_name", "a name is missing");
pub static EXPECTED_TEXT: Code = Code::error("cnx::syntax::expected_text", "a text in double quotes is missing");
pub static EXPECTED_COLON: Code = Code::error("cnx::syntax::expected_colon", "`:` is missing");
pub static EXPECTED_ARROW: Code = Code::error("cnx::syntax::expected_arrow", "`=>` is missing");
pub static EXPECTED_WORD: Code = Code::error("cnx::syntax::expected_word", "a word of the declaration is missing");
pub static EXPECTED_BODY: Code = Code::error("cnx::syntax::expected_body", "`{` is missing");
pub static TRAILING: Code = Code::error("cnx::syntax::trailing", "something follows where the entry ends");
pub static UNEXPECTED: Code = Code::error("cnx::syntax::unexpected", "this cannot stand here");
pub static SINGLE_OPERATOR: Code = Code::error("cnx::syntax::single_operator", "a bitwise operator");
pub static WORD_OPERATOR: Code = Code::error("cnx::syntax::word_operator", "an operator written as a word");
pub static CHAINED_COMPARISON: Code = Code::error("cnx::syntax::chained_comparison", "chained comparisons");
pub static NOT_A_FUNCTION: Code = Code::error("cnx::syntax::not_a_function", "only a function's name can be called");
pub static NAMED_FIRST: Code =
    Code::error("cnx::syntax::positional_after_named", "a positional argument after a named one");
pub static NESTED_BLOCK: Code = Code::error("cnx::syntax::nested_block", "a nested block");
pub static NOT_A_DECLARATION: Code = Code::error("cnx::syntax::not_a_declaration", "not a declaration");
pub static FOREIGN_DECLARATION: Code =
    Code::error("cnx::syntax::foreign_declaration", "a declaration of another language");
pub static IF_EXPRESSION: Code = Code::error("cnx::syntax::if_expression", "`if` as an expression");
pub static COUNT: Code = Code::error("cnx::syntax::count", "`count` or `for_each` as an attribute");
pub static LITERAL_WANTED: Code = Code::error("cnx::syntax::literal_wanted", "a plain string is wanted here");

/// Every code of this room, for `cnx explain` and the tests.
pub static ALL: &[&Code] = &[
    &TOO_LARGE,
    &TOO_DEEP,
    &STRING_TOO_LONG,
    &NUMBER_TOO_LONG,
    &UNCLOSED_BRACKET,
    &STRAY_BRACKET,
    &MISMATCHED_BRACKETS,
    &UNCLOSED_STRING,
    &UNCLOSED_INTERPOLATION,
    &SINGLE_QUOTES,
    &SLASH_COMMENT,
    &HEREDOC,
    &SEMICOLON,
    &UNEXPECTED_CHARACTER,
    &UNKNOWN_ESCAPE,
    &MULTILINE_STRING,
    &BAD_NUMBER,
    &EXPONENT,
    &BAD_DURATION,
    &BAD_NAME,
    &RESERVED_WORD,
    &EXPECTED_EQUALS,
    &COLON_FOR_EQUALS,
    &EXPECTED_VALUE,
    &EXPECTED_TYPE,
    &EXPECTED_NAME,
    &EXPECTED_TEXT,
    &EXPECTED_COLON,
    &EXPECTED_ARROW,
    &EXPECTED_WORD,
    &EXPECTED_BODY,
    &TRAILING,
    &UNEXPECTED,
    &SINGLE_OPERATOR,
    &WORD_OPERATOR,
    &CHAINED_COMPARISON,
    &NOT_A_FUNCTION,
    &NAMED_FIRST,
    &NESTED_BLOCK,
    &NOT_A_DECLARATION,
    &FOREIGN_DECLARATION,
    &IF_EXPRESSION,
    &COUNT,
    &LITERAL_WANTED,
];
