//! Re-evaluation with outputs: the evaluator again, on the same expressions, with more known.

use super::instance::Shared;
use super::machine::Machine;
use super::types::{Instance, Output, Outputs, Resolve};
use super::world::World;
use crate::diag::Diagnostics;
use crate::model::{Ident, NodeId};
use indexmap::IndexMap;
use std::sync::Arc;

/// What evaluation found, kept for planning and applying.
pub struct Resolution {
    pub world: World,
    /// The first node of each declaration.
    pub bases: Vec<u32>,
}

impl Resolve for Resolution {
    fn instance(&self, node: NodeId, outputs: &dyn Outputs) -> Result<Instance, Diagnostics> {
        let declaration = self.declaration(node);
        let index = (node.0 - self.bases[declaration]) as usize;
        let mut machine = Machine::new(&self.world, Some(outputs));
        let instance = machine.instance(declaration, index, &Shared::default());
        if machine.diagnostics.has_errors() { Err(machine.diagnostics) } else { Ok(instance) }
    }

    fn outputs(&self, known: &dyn Outputs) -> Result<IndexMap<Ident, Output>, Diagnostics> {
        let mut machine = Machine::new(&self.world, Some(known));
        machine.fuel = machine.fuel.saturating_mul(10);
        let made = outputs(&mut machine);
        if machine.diagnostics.has_errors() { Err(machine.diagnostics) } else { Ok(made) }
    }
}

impl Resolution {
    /// The last declaration with instances that begins at or before the node.
    fn declaration(&self, node: NodeId) -> usize {
        let after = self.bases.partition_point(|base| *base <= node.0);
        (0..after).rev().find(|at| self.world.expansion(*at).len() > 0).unwrap_or(0)
    }
}

/// The program's outputs as far as they are known; one that failed is left out, the complaint is made.
pub fn outputs(machine: &mut Machine) -> IndexMap<Ident, Output> {
    let program = Arc::clone(&machine.world.program);
    let mut made = IndexMap::new();
    for output in &program.outputs {
        machine.frame.clear();
        if let Some(value) = machine.value(&output.value) {
            let name = output.name.value.clone();
            let (ty, secret, span) = (output.ty.clone(), output.secret, output.name.span);
            made.insert(name, Output { ty, value, secret, span });
        }
    }
    made
}
