//! A directed graph without cycles: what depends on what. petgraph stays behind this door.

use petgraph::algo::kosaraju_scc;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

/// A node of a [`Dag`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A ring: the nodes of one cycle in order, each depending on the next, the last on the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<NodeId>);

/// A graph under construction; [`Graph::freeze`] makes it a [`Dag`] or names its cycles.
#[derive(Clone, Debug)]
pub struct Graph<T> {
    inner: StableDiGraph<T, (), u32>,
    edges: BTreeSet<(NodeId, NodeId)>,
}

impl<T> Default for Graph<T> {
    fn default() -> Graph<T> {
        Graph { inner: StableDiGraph::default(), edges: BTreeSet::new() }
    }
}

impl<T> Graph<T> {
    pub fn add(&mut self, node: T) -> NodeId {
        NodeId(self.inner.add_node(node).index() as u32)
    }

    /// `dependant` comes after `dependency`. Twice is once.
    pub fn depend(&mut self, dependant: NodeId, dependency: NodeId) {
        if self.edges.insert((dependant, dependency)) {
            self.inner.add_edge(index(dependency), index(dependant), ());
        }
    }

    pub fn node_mut(&mut self, id: NodeId) -> &mut T {
        &mut self.inner[index(id)]
    }

    /// The graph with its topological order (ties by insertion), or every cycle as a shortest ring.
    pub fn freeze(self) -> Result<Dag<T>, (Graph<T>, Vec<Cycle>)> {
        let count = self.inner.node_count();
        let mut waiting: Vec<usize> = vec![0; count];
        for (dependant, _) in &self.edges {
            waiting[dependant.0 as usize] += 1;
        }
        let mut ready: BTreeSet<NodeId> =
            (0..count as u32).map(NodeId).filter(|id| waiting[id.0 as usize] == 0).collect();
        let mut order = Vec::with_capacity(count);
        while let Some(id) = ready.pop_first() {
            order.push(id);
            for edge in self.inner.edges(index(id)) {
                let dependant = edge.target().index();
                waiting[dependant] -= 1;
                if waiting[dependant] == 0 {
                    ready.insert(NodeId(dependant as u32));
                }
            }
        }
        if order.len() == count {
            return Ok(Dag { inner: self.inner, order });
        }
        let cycles = self.cycles();
        Err((self, cycles))
    }

    /// Every node that stands in a ring with another one.
    pub fn in_rings(&self) -> BTreeSet<NodeId> {
        let components = kosaraju_scc(&self.inner).into_iter().filter(|component| component.len() > 1);
        components.flatten().map(|n| NodeId(n.index() as u32)).collect()
    }

    fn cycles(&self) -> Vec<Cycle> {
        let mut cycles: Vec<Cycle> = kosaraju_scc(&self.inner)
            .into_iter()
            .map(|component| component.into_iter().map(|n| NodeId(n.index() as u32)).collect::<BTreeSet<_>>())
            .filter_map(|component| self.ring(&component))
            .collect();
        cycles.sort_by(|a, b| a.0.cmp(&b.0));
        cycles
    }

    /// The shortest ring through the component's first node.
    fn ring(&self, component: &BTreeSet<NodeId>) -> Option<Cycle> {
        let start = *component.first()?;
        if component.len() == 1 {
            return self.edges.contains(&(start, start)).then(|| Cycle(vec![start]));
        }
        let mut came_from = std::collections::BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            let dependencies = self.edges.range((at, NodeId(0))..=(at, NodeId(u32::MAX))).map(|(_, to)| *to);
            for next in dependencies.filter(|next| component.contains(next)) {
                if next == start {
                    let mut ring = vec![at];
                    while let Some(previous) = came_from.get(ring.last()?) {
                        ring.push(*previous);
                    }
                    ring.reverse();
                    return Some(Cycle(ring));
                }
                if let std::collections::btree_map::Entry::Vacant(slot) = came_from.entry(next) {
                    slot.insert(at);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

/// A graph that is known to have no cycle. Order is topological, dependencies first, ties by insertion.
#[derive(Clone, Debug)]
pub struct Dag<T> {
    inner: StableDiGraph<T, (), u32>,
    order: Vec<NodeId>,
}

impl<T> Dag<T> {
    /// Every node, in no order that matters.
    pub fn nodes_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.inner.node_weights_mut()
    }
}

impl<T> Default for Dag<T> {
    fn default() -> Dag<T> {
        Dag { inner: StableDiGraph::default(), order: Vec::new() }
    }
}

impl<T> Dag<T> {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn node(&self, id: NodeId) -> &T {
        &self.inner[index(id)]
    }

    /// Every node, dependencies before dependants.
    pub fn order(&self) -> impl DoubleEndedIterator<Item = (NodeId, &T)> {
        self.order.iter().map(|id| (*id, &self.inner[index(*id)]))
    }

    /// What this node depends on, by id.
    pub fn dependencies(&self, id: NodeId) -> Vec<NodeId> {
        self.neighbours(id, petgraph::Direction::Incoming)
    }

    /// What depends on this node, by id.
    pub fn dependants(&self, id: NodeId) -> Vec<NodeId> {
        self.neighbours(id, petgraph::Direction::Outgoing)
    }

    fn neighbours(&self, id: NodeId, direction: petgraph::Direction) -> Vec<NodeId> {
        let mut found: Vec<NodeId> =
            self.inner.neighbors_directed(index(id), direction).map(|n| NodeId(n.index() as u32)).collect();
        found.sort_unstable();
        found
    }

    /// The same graph over other nodes.
    pub fn map<U>(&self, mut change: impl FnMut(NodeId, &T) -> U) -> Dag<U> {
        let inner = self.inner.map(|at, node| change(NodeId(at.index() as u32), node), |_, ()| ());
        Dag { inner, order: self.order.clone() }
    }
}

fn index(id: NodeId) -> NodeIndex<u32> {
    NodeIndex::new(id.0 as usize)
}
