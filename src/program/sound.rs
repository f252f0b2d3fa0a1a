//! What is left of a program without the declarations in which something is wrong: it can be evaluated, and what hangs on them is passed over.

use super::expr::Expr;
use super::folders::Folder;
use super::ir::Program;
use crate::diag::Diagnostics;
use crate::model::{FileId, Span};
use crate::syntax::ast::Ast;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Declarations in which something is wrong.
#[derive(Clone, Debug, Default)]
pub struct Unsound {
    /// By file, in order of place.
    items: BTreeMap<FileId, Vec<Range<u32>>>,
    /// Whether something is wrong in a module.
    in_modules: bool,
}

/// Programs by where they lay, and what is left of them; the former stay, so that no other comes to lie there.
type Made = BTreeMap<usize, (Arc<Program>, Arc<Program>)>;

impl Unsound {
    /// The declarations that an error of these points to in the folder where it is; `folders` are those that the program was checked from.
    pub fn of(folders: &[Folder], found: &Diagnostics) -> Unsound {
        let of_folder = |(at, folder)| trees_of(folder).map(move |tree| (tree.file, at));
        let homes: BTreeMap<FileId, usize> = folders.iter().enumerate().flat_map(of_folder).collect();
        let mut places: BTreeMap<FileId, BTreeSet<u32>> = BTreeMap::new();
        for error in found.0.iter().filter(|one| one.is_error()) {
            let Some(primary) = &error.primary else { continue };
            let home = homes.get(&primary.span.file);
            // Where a broken module is used, nothing is wrong.
            let labels = error.primary.iter().chain(&error.secondary).map(|label| label.span);
            for span in labels.filter(|span| homes.get(&span.file) == home) {
                places.entry(span.file).or_default().insert(span.start);
            }
        }
        let mut unsound = Unsound::default();
        for (at, folder) in folders.iter().enumerate() {
            for tree in trees_of(folder) {
                let Some(places) = places.get(&tree.file) else { continue };
                let ranges = tree.items.iter().map(|item| item.span.start..item.span.end);
                let touched = ranges.filter(|range| places.range(range.clone()).next().is_some());
                unsound.items.insert(tree.file, touched.collect());
                unsound.in_modules |= at > 0;
            }
        }
        unsound
    }

    /// Whether it stands in such a declaration.
    pub fn holds(&self, span: Span) -> bool {
        let Some(ranges) = self.items.get(&span.file) else { return false };
        let behind = ranges.partition_point(|range| range.start <= span.start);
        behind.checked_sub(1).is_some_and(|at| ranges[at].contains(&span.start))
    }

    /// The program without them: they keep their places and have no values.
    pub fn taken_out_of(&self, program: Program) -> Program {
        self.without(program, &mut Made::new())
    }

    /// `made` are the programs that were seen before: one folder has several, each with the secrets that a use of it brings.
    fn without(&self, mut program: Program, made: &mut Made) -> Program {
        let spoil = |expr: &mut Expr| *expr = Expr::error(expr.span);
        for param in program.params.iter_mut().filter(|param| self.holds(param.name.span)) {
            (param.default, param.assertion) = (None, None);
        }
        program.lets.iter_mut().filter(|one| self.holds(one.name.span)).for_each(|one| spoil(&mut one.value));
        program.functions.iter_mut().filter(|one| self.holds(one.name.span)).for_each(|one| spoil(&mut one.value));
        program.outputs.iter_mut().filter(|one| self.holds(one.name.span)).for_each(|one| spoil(&mut one.value));
        program.elsewhere.iter_mut().filter(|one| self.holds(one.name.span)).for_each(|one| spoil(&mut one.project));
        for resource in program.resources.iter_mut().filter(|one| self.holds(one.span)) {
            resource.condition = Some(Expr::error(resource.span));
        }
        for module in &mut program.modules {
            if self.holds(module.name.span) {
                module.condition = Some(Expr::error(module.name.span));
            } else if self.in_modules {
                let former = Arc::clone(&module.program);
                let key = Arc::as_ptr(&former) as usize;
                module.program = match made.get(&key) {
                    Some((_, known)) => Arc::clone(known),
                    None => Arc::new(self.without(Program::clone(&former), made)),
                };
                made.entry(key).or_insert_with(|| (former, Arc::clone(&module.program)));
            }
        }
        for environment in program.environments.values_mut().filter(|one| self.holds(one.name.span)) {
            environment.params.clear();
            environment.provider.clear();
            (environment.target, environment.protect, environment.state) = (None, None, None);
        }
        program.provider.retain(|_, setting| !self.holds(setting.span));
        program.state = program.state.filter(|state| !self.holds(state.span));
        program.checks.clear();
        program.policies.clear();
        program.moves.clear();
        program.forgets.clear();
        program.module_moves.clear();
        program.module_forgets.clear();
        program.imports.clear();
        program.tests.clear();
        program
    }

    /// What evaluating the rest has to say: errors at places where nothing was wrong before.
    pub fn kept(&self, mut found: Diagnostics) -> Diagnostics {
        let is_new = |span: Span| !self.holds(span);
        found.0.retain(|one| one.is_error() && one.primary.as_ref().is_some_and(|label| is_new(label.span)));
        found
    }
}

fn trees_of(folder: &Folder) -> impl Iterator<Item = &Ast> {
    folder.trees.iter().chain(&folder.tests)
}
