//! Pages of all forms, in a terminal and as HTML.

use super::{html, parse, terminal};
use crate::report::Look;

const PAGE: &str = "# A `page`\n\nSome **strong** words\nand a [link](other.md) to\n`code`.\n\n- one\n- two\n  goes on\n\n| name | what |\n|---|---|\n| `a \\| b` | <b> |\n\n```cnx wrong 1:5 deploy.cnx\nlet é = <1>\n```\n";

#[test]
fn a_page_in_a_terminal() {
    let shown = terminal::render(&parse(PAGE), &Look { width: 40, ..Look::default() });
    let wanted = "A page\n\nSome strong words and a link to `code`.\n\n• one\n• two goes on\n\nname     what\n`a | b`  <b>\n\nWrong (deploy.cnx):\n\n    let é = <1>\n        ^\n";
    assert_eq!(shown, wanted);
}

#[test]
fn a_page_as_html() {
    let shown = html::render(&parse(PAGE), &|target| Some(target.replace(".md", ".html")));
    for part in [
        "<h1 id=\"a-page\">A <code>page</code></h1>",
        "<p>Some <strong>strong</strong> words and a <a href=\"other.html\">link</a> to <code>code</code>.</p>",
        "<li>two goes on</li>",
        "<td><code>a | b</code></td><td>&lt;b&gt;</td>",
        "<figure class=\"wrong\"><figcaption>Wrong (deploy.cnx):</figcaption><pre><code>let é = &lt;1&gt;\n    <b class=\"here\">^</b>\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let text =
        "Many words ".repeat(40) + "\n\n| a | b |\n|---|---|\n| short | " + &"some more words ".repeat(20) + "|\n";
    for width in [40, 80, 200] {
        let shown = terminal::render(&parse(&text), &Look { width, ..Look::default() });
        assert!(shown.lines().all(|line| line.chars().count() <= width), "{shown}");
    }
}
