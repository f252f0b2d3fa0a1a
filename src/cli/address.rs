//! Addresses as people type them: the provider before a kind (`cloudnexus.server.web`) says nothing that the kind does not say.

use crate::provider::PROVIDERS;
use std::convert::Infallible;

/// The address without its provider, also in a module. What stands in brackets or quotes is a key, and stays.
pub fn plain(text: &str) -> Result<String, Infallible> {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let (mut depth, mut quoted, mut begins) = (0_usize, false, true);
    while let Some(c) = rest.chars().next() {
        let provider = PROVIDERS.iter().find_map(|name| rest.strip_prefix(name)?.strip_prefix('.'));
        if let Some(after) = provider.filter(|_| begins && depth == 0 && !quoted) {
            rest = after;
            begins = false;
            continue;
        }
        match c {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        begins = c == '.' && follows_a_module(&kept);
        kept.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Ok(kept)
}

/// Whether a kind may come next: `module.shop`, `module.shop["a"]`, `data` stand before the dot.
fn follows_a_module(before: &str) -> bool {
    let step = before.rfind("module.").map_or("", |at| &before[at + "module.".len()..]);
    let name = step.split('[').next().unwrap_or_default();
    let is_step = !name.is_empty()
        && !name.contains('.')
        && step[name.len()..].rfind(']').is_none_or(|at| at + 1 == step.len() - name.len());
    is_step || before == "data" || before.ends_with(".data")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn the_provider_says_nothing_new() {
        let cases = [
            ("cloudnexus.server.web", "server.web"),
            ("cloudnexus.server.web[1].plan", "server.web[1].plan"),
            ("data.cloudnexus.server.old", "data.server.old"),
            ("module.shop.cloudnexus.server.web", "module.shop.server.web"),
            ("module.a[\"x.y\"].module.b.cloudnexus.server.web", "module.a[\"x.y\"].module.b.server.web"),
            ("module.shop.data.cloudnexus.server.old", "module.shop.data.server.old"),
            ("server.web[\"cloudnexus.server\"]", "server.web[\"cloudnexus.server\"]"),
            ("server.cloudnexus.id", "server.cloudnexus.id"),
            ("server.web", "server.web"),
            ("*", "*"),
        ];
        for (typed, meant) in cases {
            assert_eq!(plain(typed).as_deref(), Ok(meant));
        }
    }
}
