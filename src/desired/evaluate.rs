//! The pass itself: environment, parameters, settings, then every declaration in order, then the graph.

use super::assemble::assembled;
use super::codes;
use super::elsewhere::Read;
use super::expand::MAX_INSTANCES;
use super::inputs::{Inputs, OtherProject, assert_param, early, param_value, unknown_params};
use super::machine::Machine;
use super::named::Named;
use super::resolve::outputs;
use super::scope::{Expansion, Modules, Origin, Reference, Scope, ScopeId};
use super::settings::{environment, settings};
use super::types::{Desired, Instance, Settings};
use super::world::World;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Span;
use crate::program::ir::Declaration;
use crate::program::{Program, SecretsElsewhere, mark_elsewhere};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that the program wants with these inputs. It is whole only where no diagnostic is an error.
pub fn evaluate(program: Arc<Program>, inputs: &Inputs) -> (Desired, Diagnostics) {
    let (desired, diagnostics, found) = evaluate_once(Arc::clone(&program), inputs, BTreeMap::new(), false);
    if found.secrets.is_empty() {
        return (desired, diagnostics);
    }
    // What is secret in another project is known only when its state was read: the program is marked with it, and evaluated again.
    drop(desired);
    let mut marked = Arc::unwrap_or_clone(program);
    let complaints = mark_elsewhere(&mut marked, &found.secrets);
    let (desired, mut diagnostics, _) = evaluate_once(Arc::new(marked), inputs, found.read, false);
    diagnostics.append(complaints);
    diagnostics.sort();
    (Desired { secrets_elsewhere: found.secrets, ..desired }, diagnostics)
}

/// The same before everything is given: a parameter without a value and the outputs of other projects are unknown, and what
/// hangs on them is left out. Whatever is said holds with every value that they may have.
pub fn foresee(program: Arc<Program>, inputs: &Inputs) -> (Desired, Diagnostics) {
    let (desired, diagnostics, _) = evaluate_once(program, inputs, BTreeMap::new(), true);
    (desired, diagnostics)
}

/// What was found in other projects.
struct Found {
    read: BTreeMap<OtherProject, Read>,
    secrets: SecretsElsewhere,
}

fn evaluate_once(
    program: Arc<Program>,
    inputs: &Inputs,
    read: BTreeMap<OtherProject, Read>,
    partial: bool,
) -> (Desired, Diagnostics, Found) {
    let mut diagnostics = Diagnostics::default();
    let name = environment(&program, inputs, &mut diagnostics);
    unknown_params(&program, inputs, &mut diagnostics);
    let given = inputs.standing_by(&program, &name);
    let mut world = World::new(Arc::clone(&program), name, Arc::clone(&inputs.files));
    world.given = given;
    world.other_outputs = Arc::clone(&inputs.other_outputs);
    world.elsewhere = Mutex::new(read);
    world.partial = partial;
    let mut machine = Machine::new(&world, None);
    run(&mut machine, inputs);
    let outputs = outputs(&mut machine);
    let imports = machine.imports();
    diagnostics.append(std::mem::take(&mut machine.diagnostics));
    drop(machine);
    let found = Found {
        read: world.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        secrets: std::mem::take(&mut world.unmarked.lock().unwrap_or_else(PoisonError::into_inner)),
    };
    let desired = Desired { imports, ..assembled(world, outputs) };
    diagnostics.sort();
    (desired, diagnostics, found)
}

/// Only what is known before anything else: where the program runs, and where its state lies.
pub fn early_settings(program: Arc<Program>, inputs: &Inputs) -> (Settings, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let name = environment(&program, inputs, &mut diagnostics);
    unknown_params(&program, inputs, &mut diagnostics);
    let world = World::new(program, name, Arc::clone(&inputs.files));
    let mut machine = Machine::new(&world, None);
    prepare(&mut machine, inputs);
    diagnostics.append(std::mem::take(&mut machine.diagnostics));
    diagnostics.sort();
    (world.settings.get().cloned().unwrap_or_default(), diagnostics)
}

fn run(machine: &mut Machine, inputs: &Inputs) {
    prepare(machine, inputs);
    let mut total = 0;
    scope(machine, &mut total);
}

/// Parameters, and what hangs on nothing else; then the settings.
fn prepare(machine: &mut Machine, inputs: &Inputs) {
    let program = Arc::clone(&machine.world.root().program);
    for declaration in early(&program) {
        match declaration {
            Declaration::Param(at) => {
                let value = param_value(machine, at, inputs);
                machine.world.root().set_param(at, value);
                assert_param(machine, at, Some(inputs));
            }
            Declaration::Let(at) => named(machine, Named::Let(machine.scope.declared(at))),
            Declaration::Function(_) | Declaration::Resource(_) | Declaration::Module(_) => {}
        }
    }
    let settings = settings(machine, inputs);
    machine.world.settings.get_or_init(|| settings);
}

/// Evaluates all of the machine's present scope, in order.
fn scope(machine: &mut Machine, total: &mut usize) {
    let program = Arc::clone(&machine.scope.program);
    let is_root = machine.scope.id == ScopeId::ROOT;
    for at in 0..program.elsewhere.len() {
        let _complained = machine.elsewhere(machine.scope.declared(at)).is_err();
    }
    for declaration in &program.order {
        match declaration {
            Declaration::Param(_) if is_root => {}
            Declaration::Param(at) => {
                named(machine, Named::Param(machine.scope.declared(*at)));
                assert_param(machine, *at, None);
            }
            Declaration::Function(_) => {}
            Declaration::Let(at) => named(machine, Named::Let(machine.scope.declared(*at))),
            Declaration::Resource(at) => declared(machine, *at, total),
            Declaration::Module(at) => used(machine, *at, total),
        }
    }
    if !is_root {
        (0..program.outputs.len()).for_each(|at| named(machine, Named::Output(machine.scope.declared(at))));
    }
}

/// An unused value that fails is a mistake too; the complaint is made inside.
fn named(machine: &mut Machine, named: Named) {
    let references = std::mem::take(&mut machine.references);
    let _complained = machine.named(named).is_err();
    machine.references = references;
}

/// The instances of one header, where there are not too many of all.
fn counted(machine: &mut Machine, expansion: Expansion, span: Span, total: &mut usize) -> Expansion {
    *total += expansion.len();
    if *total <= MAX_INSTANCES {
        return expansion;
    }
    let diagnostic = Diagnostic::new(&codes::LIMIT, "the program has more than 1,000,000 instances")
        .at(span, "too many")
        .help("split the program, or make fewer instances");
    machine.complain(diagnostic);
    Expansion { failed: true, repeated: expansion.repeated, ..Expansion::default() }
}

/// Expands and evaluates one declaration, and notes what each instance refers to.
fn declared(machine: &mut Machine, at: usize, total: &mut usize) {
    let scope = machine.scope;
    let program = Arc::clone(&scope.program);
    let resource = &program.resources[at];
    machine.references.clear();
    let expansion = machine.expand(resource.repeat.as_ref(), resource.condition.as_ref());
    let expansion = counted(machine, expansion, resource.span, total);
    let mut header: BTreeSet<Reference> = std::mem::take(&mut machine.references);
    header.extend(scope.header.iter().copied());
    let count = expansion.len();
    scope.expansions[at].get_or_init(|| expansion);
    let shared = machine.shared(at);
    let mut instances: Vec<Instance> = Vec::with_capacity(count);
    let mut references = Vec::with_capacity(count);
    for index in 0..count {
        machine.grant();
        machine.attributes.clear();
        instances.push(machine.instance(at, index, &shared));
        let mut own = std::mem::take(&mut machine.references);
        own.extend(header.iter().copied());
        references.push(own);
    }
    machine.frame.clear();
    scope.instances[at].get_or_init(|| instances);
    scope.references[at].get_or_init(|| references);
}

/// Expands one module and evaluates each of its instances.
fn used(machine: &mut Machine, at: usize, total: &mut usize) {
    let (world, user) = (machine.world, machine.scope);
    let program = Arc::clone(&user.program);
    let module = &program.modules[at];
    machine.references.clear();
    let expansion = machine.expand(module.repeat.as_ref(), module.condition.as_ref());
    let expansion = counted(machine, expansion, module.name.span, total);
    let mut header: BTreeSet<Reference> = std::mem::take(&mut machine.references);
    header.extend(user.header.iter().copied());
    let made = (0..expansion.len()).map(|index| {
        world.add_scope(|id| Scope {
            path: user.step(module, expansion.keys.get(index).cloned()),
            origin: Some(Origin { module: user.declared(at), index }),
            header: header.clone(),
            ..Scope::new(id, Arc::clone(&module.program))
        })
    });
    let scopes: Vec<ScopeId> = made.collect();
    user.modules[at].get_or_init(|| Modules { expansion, scopes: scopes.clone() });
    for id in scopes {
        machine.grant();
        machine.within(id, Vec::new(), |machine| scope(machine, total));
        machine.references.clear();
    }
}

/// How many steps an evaluation takes: what the tests count instead of time.
#[cfg(test)]
pub fn steps(program: &Arc<Program>, inputs: &Inputs) -> u64 {
    let world = World::new(Arc::clone(program), super::settings::DEFAULT.to_owned(), Arc::clone(&inputs.files));
    let mut machine = Machine::new(&world, None);
    machine.fuel = u64::MAX / 2;
    run(&mut machine, inputs);
    let expansions = world.scopes().flat_map(|scope| &scope.expansions);
    let instances: u64 = expansions.filter_map(|cell| cell.get()).map(|all| all.len() as u64).sum();
    u64::MAX / 2 + machine.granted - machine.fuel + instances
}
