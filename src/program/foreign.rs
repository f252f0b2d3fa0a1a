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

/// What stands for a setting that other tools have in the body of a parameter or a check.
pub fn setting(name: &str) -> Option<&'static str> {
    Some(match name {
        "default" => "write the default behind the type: `param NAME: TYPE = default`",
        "type" => "write the type behind the name: `param NAME: TYPE`",
        "description" => "write it as a comment above the declaration",
        "sensitive" => "write `secret param NAME: TYPE`",
        "nullable" => "write an optional type: `param NAME: TYPE?`",
        "condition" => "it is called `assert`",
        "error_message" => "it is called `message`",
        _ => return None,
    })
}

/// What a type of another language is called here.
pub fn type_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "integer" | "int64" | "int32" | "i64" | "long" => "it is called `int`",
        "boolean" | "Bool" => "it is called `bool`",
        "str" | "text" | "String" => "it is called `string`",
        "float" | "double" | "decimal" | "Number" => "it is called `number`",
        "array" | "List" | "tuple" => "it is called `list(T)`",
        "dict" | "hash" | "Map" => "it is called `map(T)`",
        "object" | "struct" => "write the members: `{ name: string, size: int = 1 }`",
        "any" | "dynamic" => "every value has a type: say which, or leave `param` out and use `let`",
        _ => return None,
    })
}
