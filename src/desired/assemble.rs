//! From evaluated scopes to the graph: instances become nodes, references become edges.

use super::resolve::Resolution;
use super::scope::{Declared, Reference, Scope, ScopeId};
use super::types::{Desired, Instance, Judge, ModuleMove, Move, Output, Place, Resolver, Rules, Settings};
use super::world::World;
use crate::model::{Address, Dag, Graph, Ident, ModuleStep, NodeId};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where the nodes of each declaration begin, and how many there are.
type Nodes = BTreeMap<Declared, (u32, u32)>;

pub fn assembled(mut world: World, outputs: IndexMap<Ident, Output>) -> Desired {
    let mut graph: Graph<Instance> = Graph::default();
    let mut by_address = BTreeMap::new();
    let mut nodes = Nodes::new();
    let mut owners: Vec<(Declared, u32)> = Vec::new();
    for scope in world.scopes_mut() {
        let id = scope.id;
        for (at, lock) in scope.instances.iter_mut().enumerate() {
            let (declared, first) = (Declared { scope: id, at }, owners.len() as u32);
            for (index, instance) in lock.take().unwrap_or_default().into_iter().enumerate() {
                let address = instance.address.clone();
                by_address.insert(address, graph.add(instance));
                owners.push((declared, index as u32));
            }
            nodes.insert(declared, (first, owners.len() as u32 - first));
        }
    }
    let below = below(&world);
    for scope in world.scopes() {
        for (at, cell) in scope.references.iter().enumerate() {
            let first = nodes.get(&scope.declared(at)).map_or(0, |(first, _)| *first);
            for (index, own) in cell.get().into_iter().flatten().enumerate() {
                let from = NodeId(first + index as u32);
                own.iter().for_each(|reference| depend(&mut graph, from, *reference, &nodes, &below));
            }
        }
    }
    let dag = graph.freeze().unwrap_or_else(|_| Dag::default());
    let settings = world.settings.get().cloned().unwrap_or_else(Settings::default);
    let resolution = Arc::new(Resolution { world, owners });
    let has_rules =
        resolution.world.scopes().any(|scope| !scope.program.checks.is_empty() || !scope.program.policies.is_empty());
    let rules = Rules(if has_rules { Some(Arc::clone(&resolution) as Arc<dyn Judge>) } else { None });
    let mut desired = Desired { graph: dag, by_address, outputs, settings, rules, ..Desired::default() };
    resolution.world.scopes().for_each(|scope| refactor(scope, &mut desired));
    resolution.world.scopes().for_each(|scope| tell_secrets(scope, &mut desired));
    resolution.world.secrets_elsewhere(&desired.secrets);
    desired.resolver = Resolver(Some(resolution));
    desired
}

/// The secret texts that are known before anything is applied, and where secrets are lifted.
fn tell_secrets(scope: &Scope, desired: &mut Desired) {
    let program = &scope.program;
    let params = program.params.iter().enumerate().filter(|(_, param)| param.secret);
    params.filter_map(|(at, _)| scope.param(at)).for_each(|value| desired.secrets.add(value));
    for one in &program.lifted {
        if !desired.lifted.contains(one) {
            desired.lifted.push(one.clone());
        }
    }
    if scope.id != ScopeId::ROOT {
        return;
    }
    desired.outputs.values().filter(|output| output.secret).for_each(|output| desired.secrets.add(&output.value));
    desired.graph.order().for_each(|(_, instance)| instance.tell_secrets(&desired.secrets));
}

/// The scopes in each scope, itself included; only where somebody depends on a whole module.
fn below(world: &World) -> BTreeMap<ScopeId, Vec<ScopeId>> {
    let referred = world.scopes().flat_map(|scope| &scope.references).filter_map(|cell| cell.get()).flatten().flatten();
    let meant: BTreeSet<ScopeId> = referred
        .filter_map(|reference| match reference {
            Reference::Module(scope) => Some(*scope),
            Reference::One(..) | Reference::All(_) => None,
        })
        .collect();
    let mut below: BTreeMap<ScopeId, Vec<ScopeId>> = BTreeMap::new();
    if meant.is_empty() {
        return below;
    }
    for scope in world.scopes() {
        let mut at = Some(scope);
        while let Some(outer) = at {
            if meant.contains(&outer.id) {
                below.entry(outer.id).or_default().push(scope.id);
            }
            at = outer.origin.map(|origin| world.scope(origin.module.scope));
        }
    }
    below
}

fn depend(
    graph: &mut Graph<Instance>,
    from: NodeId,
    reference: Reference,
    nodes: &Nodes,
    below: &BTreeMap<ScopeId, Vec<ScopeId>>,
) {
    let mut edge = |to: u32| {
        if to != from.0 {
            graph.depend(from, NodeId(to));
        }
    };
    let of = |declared: &Declared| nodes.get(declared).copied().unwrap_or_default();
    match reference {
        Reference::One(declared, index) => edge(of(&declared).0 + index as u32),
        Reference::All(declared) => {
            let (first, count) = of(&declared);
            (first..first + count).for_each(edge);
        }
        Reference::Module(scope) => {
            for scope in below.get(&scope).into_iter().flatten() {
                let all = nodes.range(Declared { scope: *scope, at: 0 }..=Declared { scope: *scope, at: usize::MAX });
                all.for_each(|(_, (first, count))| (*first..first + count).for_each(&mut edge));
            }
        }
    }
}

/// What a scope says about addresses of the state, seen from the root.
fn refactor(scope: &Scope, desired: &mut Desired) {
    let program = &scope.program;
    let place = |place: &Place| Place { address: placed(&scope.path, &place.address), span: place.span };
    desired.moves.extend(program.moves.iter().map(|one| Move { from: place(&one.from), to: place(&one.to) }));
    desired.forgets.extend(program.forgets.iter().map(place));
    desired.module_moves.extend(program.module_moves.iter().map(|one| ModuleMove {
        from: joined(&scope.path, &one.from),
        to: joined(&scope.path, &one.to),
        span: one.span,
    }));
    let forgets = program.module_forgets.iter();
    desired.module_forgets.extend(forgets.map(|(path, span)| (joined(&scope.path, path), *span)));
}

/// An address that is written in a module, as the root sees it.
pub fn placed(path: &[ModuleStep], address: &Address) -> Address {
    Address { module: joined(path, &address.module), ..address.clone() }
}

fn joined(path: &[ModuleStep], rest: &[ModuleStep]) -> Vec<ModuleStep> {
    path.iter().chain(rest).cloned().collect()
}
