//! Evaluation as tables: an expression and its value, a program and its instances, a mistake and its place.

use super::{Desired, Inputs, Outputs, ParamInput, evaluate, parse_param};
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, Ident, Type, Value};
use crate::program::library::functions;
use crate::program::tests::{CATALOG, SHOP, checked, places};
use std::collections::BTreeMap;
use std::sync::Arc;

fn files(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "deploy.pub" => Ok(b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 deploy@example.com\n".to_vec()),
        "hello.txt" => Ok(b"hello\n".to_vec()),
        "greeting.txt" => Ok(b"hello ${name}\n".to_vec()),
        _ => Err("there is no such file".to_owned()),
    }
}

fn inputs(environment: Option<&str>, params: &[(&str, &str)]) -> Inputs {
    let params = params.iter().map(|(name, raw)| ((*name).to_owned(), ParamInput::Raw((*raw).to_owned())));
    Inputs {
        environment: environment.map(str::to_owned),
        params: params.collect(),
        files: Arc::new(files),
        project_name: "folder".to_owned(),
    }
}

/// Checks and evaluates; the program must check without errors.
fn evaluated(source: &str, inputs: &Inputs) -> (Desired, Diagnostics) {
    let (program, diagnostics, sources) = checked(source);
    assert!(!diagnostics.has_errors(), "{:?}\n{source}", places(&diagnostics, &sources));
    evaluate(Arc::new(program), inputs)
}

/// The value of one expression.
fn value_of(expression: &str) -> Result<Value, String> {
    let source = format!("output value = {expression}\n");
    let (program, diagnostics, sources) = checked(&source);
    if diagnostics.has_errors() {
        return Err(format!("{:?} {:?}", places(&diagnostics, &sources), diagnostics.0));
    }
    let (desired, diagnostics) = evaluate(Arc::new(program), &inputs(None, &[]));
    match desired.outputs.get("value") {
        Some(output) if !diagnostics.has_errors() => Ok(output.value.clone()),
        _ => Err(format!("{:?} {:?}", places(&diagnostics, &sources), diagnostics.0)),
    }
}

fn addresses(desired: &Desired) -> Vec<String> {
    desired.by_address.keys().map(Address::to_string).collect()
}

#[test]
fn shop_in_each_environment() {
    let check = |environment: Option<&str>, params: &[(&str, &str)], servers: usize, total: usize| {
        let (desired, diagnostics) = evaluated(SHOP, &inputs(environment, params));
        assert_eq!(diagnostics, Diagnostics::default());
        let found = addresses(&desired);
        assert_eq!(found.iter().filter(|name| name.starts_with("server.web[")).count(), servers, "{found:?}");
        assert_eq!(found.len(), total, "{found:?}");
    };
    check(None, &[], 1, 5);
    check(Some("dev"), &[], 1, 5);
    check(Some("staging"), &[], 2, 6);
    check(Some("production"), &[], 4, 8);
    check(Some("production"), &[("bastion", "true"), ("regions", r#"["eu-west-2", "us-east-1"]"#)], 4, 10);
}

#[test]
fn every_example_of_the_library() {
    for function in functions() {
        let (example, expected) = function.example;
        let found = value_of(example).unwrap_or_else(|why| panic!("{}: {why}", function.name));
        let wanted = value_of(expected).unwrap_or_else(|why| panic!("{}: {why}", function.name));
        let same = super::operate::equal(&found, &wanted);
        assert!(same, "{}: {example} is {found:?}, expected {wanted:?}", function.name);
    }
}
