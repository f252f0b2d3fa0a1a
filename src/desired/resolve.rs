//! Re-evaluation with outputs: the evaluator again, on the same expressions, with more known.

use super::headers::Headers;
use super::instance::Shared;
use super::machine::Machine;
use super::named::Named;
use super::origin::{Asked, Origin};
use super::scope::{Declared, ScopeId};
use super::types::{Examined, Instance, Output, Outputs, Resolve};
use super::world::World;
use crate::diag::Diagnostics;
use crate::model::{Ident, NodeId, Value};
use crate::program::expr::Expr;
use indexmap::IndexMap;
use std::sync::Arc;

/// What evaluation found, kept for planning and applying.
pub struct Resolution {
    pub world: World,
    /// Which instance of which declaration each node is.
    pub owners: Vec<(Declared, u32)>,
}

impl Resolve for Resolution {
    fn instance(&self, node: NodeId, outputs: &dyn Outputs) -> Result<Instance, Diagnostics> {
        let (declared, index) = self.owners[node.0 as usize];
        let mut machine = Machine::new(&self.world, Some(outputs));
        let instance = machine.within(declared.scope, Vec::new(), |machine| {
            machine.instance(declared.at, index as usize, &Shared::default())
        });
        if machine.diagnostics.has_errors() { Err(machine.diagnostics) } else { Ok(instance) }
    }

    fn outputs(&self, known: &dyn Outputs) -> Result<IndexMap<Ident, Output>, Diagnostics> {
        let mut machine = Machine::new(&self.world, Some(known));
        machine.fuel = machine.fuel.saturating_mul(10);
        let made = outputs(&mut machine);
        if machine.diagnostics.has_errors() { Err(machine.diagnostics) } else { Ok(made) }
    }

    fn examine(&self, expr: &Expr, frame: &[Value], outputs: &dyn Outputs) -> Examined {
        self.examined(expr, frame, outputs)
    }

    fn origin(&self, asked: &Asked, outputs: &dyn Outputs) -> Option<Origin> {
        self.traced(asked, outputs)
    }

    fn headers(&self) -> Headers {
        Headers::of(&self.world)
    }
}

/// The program's outputs as far as they are known; one that failed is left out, the complaint is made.
pub fn outputs(machine: &mut Machine) -> IndexMap<Ident, Output> {
    let program = Arc::clone(&machine.world.root().program);
    let mut made = IndexMap::new();
    for (at, output) in program.outputs.iter().enumerate() {
        if let Ok(value) = machine.named(Named::Output(Declared { scope: ScopeId::ROOT, at })) {
            let name = output.name.value.clone();
            let (ty, secret, span) = (output.ty.clone(), output.secret, output.name.span);
            made.insert(name, Output { ty, value, secret, span });
        }
    }
    made
}
