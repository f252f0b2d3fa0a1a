//! The pass itself: environment, parameters, settings, then every declaration in order, then the graph.

use super::codes;
use super::expand::MAX_INSTANCES;
use super::inputs::{Inputs, assert_param, early, param_value, unknown_params};
use super::machine::Machine;
use super::resolve::{Resolution, outputs};
use super::settings::{environment, settings};
use super::types::{Desired, Instance, Judge, Resolver, Rules, Settings};
use super::world::{Reference, World};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Dag, Graph, NodeId};
use crate::program::Program;
use crate::program::ir::Declaration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What each instance refers to, by declaration and index.
type References = Vec<Vec<BTreeSet<Reference>>>;

/// Everything that the program wants with these inputs. It is whole only where no diagnostic is an error.
pub fn evaluate(program: Arc<Program>, inputs: &Inputs) -> (Desired, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let name = environment(&program, inputs, &mut diagnostics);
    unknown_params(&program, inputs, &mut diagnostics);
    let world = World::new(Arc::clone(&program), name, Arc::clone(&inputs.files));
    let mut machine = Machine::new(&world, None);
    let references = run(&mut machine, inputs);
    let outputs = outputs(&mut machine);
    let imports = machine.imports();
    diagnostics.append(std::mem::take(&mut machine.diagnostics));
    drop(machine);
    let desired = Desired { imports, ..assembled(world, references, outputs) };
    diagnostics.sort();
    (desired, diagnostics)
}

fn run(machine: &mut Machine, inputs: &Inputs) -> References {
    let program = Arc::clone(&machine.world.program);
    for declaration in early(&program) {
        match declaration {
            Declaration::Param(at) => {
                let value = param_value(machine, at, inputs);
                machine.world.set_param(at, value);
                assert_param(machine, at);
            }
            Declaration::Let(at) => {
                // An unused failing let is a mistake too; the complaint is made inside.
                let _complained = machine.let_value(at).is_err();
            }
            Declaration::Function(_) | Declaration::Resource(_) => {}
        }
    }
    let settings = settings(machine, inputs);
    machine.world.settings.get_or_init(|| settings);
    let mut references: References = (0..program.resources.len()).map(|_| Vec::new()).collect();
    let mut total = 0;
    for declaration in &program.order {
        match declaration {
            Declaration::Param(_) | Declaration::Function(_) => {}
            Declaration::Let(at) => {
                let _complained = machine.let_value(*at).is_err();
            }
            Declaration::Resource(at) => {
                references[*at] = declared(machine, *at, &mut total);
            }
        }
    }
    references
}

/// Expands and evaluates one declaration; says what each instance refers to.
fn declared(machine: &mut Machine, at: usize, total: &mut usize) -> Vec<BTreeSet<Reference>> {
    let mut expansion = machine.expand(at);
    *total += expansion.len();
    let span = machine.world.program.resources[at].span;
    if *total > MAX_INSTANCES {
        let diagnostic = Diagnostic::new(&codes::LIMIT, "the program has more than 1,000,000 instances")
            .at(span, "too many")
            .help("split the program, or make fewer instances");
        machine.complain(diagnostic);
        expansion = super::world::Expansion { failed: true, ..expansion };
        expansion.frames.clear();
        expansion.keys.clear();
    }
    let header: BTreeSet<Reference> = std::mem::take(&mut machine.references);
    let count = expansion.len();
    machine.world.expansions[at].get_or_init(|| expansion);
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
    machine.world.instances[at].get_or_init(|| instances);
    references
}

fn assembled(
    mut world: World,
    references: References,
    outputs: indexmap::IndexMap<crate::model::Ident, super::types::Output>,
) -> Desired {
    let mut graph: Graph<Instance> = Graph::default();
    let mut by_address = BTreeMap::new();
    let mut bases = Vec::with_capacity(references.len());
    let mut count = 0;
    for lock in &mut world.instances {
        bases.push(count);
        for instance in lock.take().unwrap_or_default() {
            let address = instance.address.clone();
            by_address.insert(address, graph.add(instance));
            count += 1;
        }
    }
    for (declaration, instances) in references.iter().enumerate() {
        for (index, own) in instances.iter().enumerate() {
            let from = NodeId(bases[declaration] + index as u32);
            for reference in own {
                depend(&mut graph, from, *reference, &bases, &references);
            }
        }
    }
    let dag = graph.freeze().unwrap_or_else(|_| Dag::default());
    let settings = world.settings.get().cloned().unwrap_or_else(Settings::default);
    let resolution = Arc::new(Resolution { world, bases });
    let program = &resolution.world.program;
    let has_rules = !program.checks.is_empty() || !program.policies.is_empty();
    let rules = Rules(if has_rules { Some(Arc::clone(&resolution) as Arc<dyn Judge>) } else { None });
    let (moves, forgets) = (program.moves.clone(), program.forgets.clone());
    let resolver = Resolver(Some(resolution));
    Desired { graph: dag, by_address, outputs, settings, resolver, rules, moves, forgets, imports: BTreeMap::new() }
}

fn depend(graph: &mut Graph<Instance>, from: NodeId, reference: Reference, bases: &[u32], all: &References) {
    let mut edge = |to: u32| {
        if to != from.0 {
            graph.depend(from, NodeId(to));
        }
    };
    match reference {
        Reference::One(declaration, index) => edge(bases[declaration] + index as u32),
        Reference::All(declaration) => {
            (0..all[declaration].len()).for_each(|index| edge(bases[declaration] + index as u32));
        }
    }
}

/// How many steps an evaluation takes: what the tests count instead of time.
#[cfg(test)]
pub fn steps(program: &Arc<Program>, inputs: &Inputs) -> u64 {
    let world = World::new(Arc::clone(program), super::settings::DEFAULT.to_owned(), Arc::clone(&inputs.files));
    let mut machine = Machine::new(&world, None);
    machine.fuel = u64::MAX / 2;
    let references = run(&mut machine, inputs);
    let instances: u64 = references.iter().map(|all| all.len() as u64).sum();
    u64::MAX / 2 + machine.granted - machine.fuel + instances
}
