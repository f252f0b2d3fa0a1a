//! What a plan shows, in the forms in which two are compared: without where it stands in the program, for a comment above
//! it moves every place and changes nothing that is done. Of that only numbers of lines and columns are left out, and the
//! blanks before them. Knows the plan's text and its JSON form, no file.

use serde_json::Value as Json;

/// A place begins a line of its own where it has no room: so many blanks, and no more.
const MOST_BLANKS: usize = 120;

/// The text with every `(PATH:LINE:COLUMN)` as ` (PATH)`.
pub fn text(shown: &str) -> String {
    let mut out = String::with_capacity(shown.len());
    let mut rest = shown;
    while let Some((before, after)) = rest.split_once('(') {
        out.push_str(before);
        match after.split_once(')').and_then(|(inner, rest)| Some((path(inner)?, rest))) {
            Some((path, behind)) => {
                let end = out.trim_end_matches([' ', '\n']).len();
                let gap = &out[end..];
                if gap.len() <= MOST_BLANKS && gap.matches('\n').count() <= 1 {
                    out.truncate(end);
                    out.push(' ');
                }
                out.push_str(&format!("({path})"));
                rest = behind;
            }
            None => {
                out.push('(');
                rest = after;
            }
        }
    }
    out + rest
}

/// The path of a place.
fn path(inner: &str) -> Option<&str> {
    let is_number = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (before, column) = inner.rsplit_once(':')?;
    let (path, line) = before.rsplit_once(':')?;
    (is_number(line) && is_number(column) && !path.is_empty() && !path.contains(['\n', '('])).then_some(path)
}

/// The plan's JSON form, its places (those that cnx wrote, not what a value is called) without numbers, and its steps without
/// what the objects are before them: what the steps do not change of these is no part of the plan.
pub fn plan(plan: &Json) -> Json {
    let mut plan = plan.clone();
    for step in plan["steps"].as_array_mut().into_iter().flatten() {
        step.as_object_mut().map(|step| step.shift_remove("before"));
        place(step.pointer_mut("/reason/place"));
        for change in step.get_mut("changes").and_then(Json::as_array_mut).into_iter().flatten() {
            place(change.get_mut("place"));
        }
    }
    for warning in plan["warnings"].as_array_mut().into_iter().flatten() {
        place(warning.get_mut("place"));
        warning.get_mut("related").and_then(Json::as_array_mut).into_iter().flatten().for_each(|one| place(Some(one)));
    }
    for lifted in plan["nonsensitive"].as_array_mut().into_iter().flatten() {
        if let Some(Json::String(place)) = lifted.get_mut("place")
            && let Some(path) = path(place)
        {
            *place = path.to_owned();
        }
    }
    plan
}

fn place(place: Option<&mut Json>) {
    let Some(place) = place.and_then(Json::as_object_mut) else { return };
    for name in ["line", "column", "start", "end"] {
        place.shift_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_lose_their_numbers_and_nothing_else_does() {
        for (shown, wanted) in [
            ("a  (main.cnx:3:12)\nb", "a (main.cnx)\nb"),
            ("a\n        (modules/x/main.cnx:3:12)\nb", "a (modules/x/main.cnx)\nb"),
            ("because (m.cnx:1:1) and (m.cnx:22:3)", "because (m.cnx) and (m.cnx)"),
            ("a (resize)  (m.cnx:1:1)", "a (resize) (m.cnx)"),
            ("1 resource (of 3)", "1 resource (of 3)"),
            ("(a:b:1) (a:1:b) (:1:1) (10:00:00", "(a:b:1) (a:1:b) (:1:1) (10:00:00"),
            ("((m.cnx:1:1)", "( (m.cnx)"),
            ("(m.cnx:1:1234567890)", "(m.cnx:1:1234567890)"),
            // Blank lines push out of sight what stands above them.
            ("a\n\n(m.cnx:1:1)", "a\n\n(m.cnx)"),
            ("", ""),
        ] {
            assert_eq!(text(shown), wanted, "{shown:?}");
        }
        let far = format!("a{}(m.cnx:1:1)", " ".repeat(200));
        assert_eq!(text(&far), far.replace(":1:1", ""));
    }

    #[test]
    fn values_that_look_like_places_stay() {
        let looks = json!({"path": "main.cnx", "line": 3, "column": 4, "start": 1, "end": 2});
        let plain = json!({"path": "main.cnx"});
        let of = |place: &Json| {
            json!({
                "steps": [{"reason": {"place": place}, "changes": [{"place": place, "before": looks, "after": looks}],
                           "after": {"place": looks}}],
                "warnings": [{"place": place, "related": [place]}],
                "nonsensitive": [],
                "outputs": [{"name": "place", "after": looks}],
            })
        };
        let mut shown = of(&looks);
        shown["steps"][0]["before"] = looks.clone();
        assert_eq!(plan(&shown), of(&plain));
    }
}
