//! Version demands of `project`: `>= 0.1`, `~> 1.2`, several with commas.

/// Whether a demand is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    Met,
    NotMet,
    Unreadable,
}

/// Whether the version `own` meets every part of the demand.
pub fn demand(text: &str, own: &str) -> Demand {
    let Some(own) = numbers(own.split(['-', '+']).next().unwrap_or_default()) else { return Demand::Unreadable };
    let mut met = true;
    for part in text.split(',').map(str::trim) {
        let digits = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
        let (operator, version) = part.split_at(digits);
        let Some(wanted) = numbers(version) else { return Demand::Unreadable };
        let order = own.cmp(&wanted);
        met &= match operator.trim() {
            ">=" => order.is_ge(),
            ">" => order.is_gt(),
            "<=" => order.is_le(),
            "<" => order.is_lt(),
            "=" | "==" | "" => order.is_eq(),
            "!=" => order.is_ne(),
            "~>" => order.is_ge() && within(own, wanted, version.matches('.').count()),
            _ => return Demand::Unreadable,
        };
    }
    if met { Demand::Met } else { Demand::NotMet }
}

/// `~> 1.2` allows 1.x from 1.2 on, `~> 1.2.3` allows 1.2.x from 1.2.3 on.
fn within(own: [u64; 3], wanted: [u64; 3], dots: usize) -> bool {
    if dots >= 2 { own[..2] == wanted[..2] } else { own[0] == wanted[0] }
}

/// Up to three numbers; the rest are zero.
fn numbers(text: &str) -> Option<[u64; 3]> {
    let mut made = [0; 3];
    let parts: Vec<&str> = text.trim().split('.').collect();
    if parts.len() > 3 {
        return None;
    }
    for (slot, part) in made.iter_mut().zip(parts) {
        *slot = part.parse().ok()?;
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::{Demand, demand};

    #[test]
    fn demands() {
        let check = |text: &str, own: &str, expected: Demand| assert_eq!(demand(text, own), expected, "{text} {own}");
        check(">= 0.1", "0.1.0", Demand::Met);
        check(">= 0.2", "0.1.9", Demand::NotMet);
        check(">= 0.1, < 1", "0.9.0", Demand::Met);
        check("~> 1.2", "1.9.0", Demand::Met);
        check("~> 1.2", "2.0.0", Demand::NotMet);
        check("~> 1.2.3", "1.3.0", Demand::NotMet);
        check("0.1.0", "0.1.0-rc.1", Demand::Met);
        check("newest", "0.1.0", Demand::Unreadable);
        check(">> 1", "0.1.0", Demand::Unreadable);
    }
}
