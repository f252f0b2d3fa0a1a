//! Names that people bring from other tools, and what stands for them here.

/// What to write instead of `name` (or `name.member`); `None` where the name is no known habit.
pub fn advice(name: &str, member: Option<&str>) -> Option<String> {
    let member = member.unwrap_or("NAME");
    Some(match name {
        "var" => format!("parameters are used by their name: `{member}`"),
        "local" => format!("lets are used by their name: `{member}`"),
        "each" => "name the variable in the header: `for key, value in …`, then use it".to_owned(),
        "count" => "name the variable in the header: `for n in 1..=count`, then use `n`".to_owned(),
        "self" => "name the resource: `kind.name`".to_owned(),
        "path" => "paths are relative to the folder of the file: `file(\"name\")`".to_owned(),
        "terraform" => "the environment's name is `env.name`".to_owned(),
        "param" | "params" => format!("parameters are used by their name: `{member}`"),
        "resource" => format!("leave out `resource`: `{member}.NAME`"),
        _ => return None,
    })
}
