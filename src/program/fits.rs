//! Which type fits where, and the least type that holds two. No implicit conversion beyond form (object to map, literal to set).

use crate::model::{Member, ObjectType, Type};
use smol_str::SmolStr;
use std::sync::Arc;

/// A union with more members than this becomes the type that they share.
const UNION_MEMBERS: usize = 64;

/// Whether a value of type `found` may stand where `expected` is wanted.
pub fn fits(found: &Type, expected: &Type) -> bool {
    if found == expected {
        return true;
    }
    match (found, expected) {
        (Type::Error | Type::Any, _) | (_, Type::Error | Type::Any) => true,
        (Type::Null, Type::Optional(_)) => true,
        (Type::Optional(inner), Type::Optional(wanted)) => fits(inner, wanted),
        (Type::Optional(_), Type::Union(members)) => members.iter().any(|member| fits(found, member)),
        (Type::Optional(_), _) => false,
        (Type::Union(members), _) => members.iter().all(|member| fits(member, expected)),
        (_, Type::Optional(wanted)) => fits(found, wanted),
        (_, Type::Union(members)) => members.iter().any(|member| fits(found, member)),
        (Type::Int, Type::Number) => true,
        (Type::Literal(_) | Type::Id(_), Type::String) => true,
        (Type::Literal(_) | Type::String, Type::Id(_)) => true,
        (Type::List(item), Type::List(wanted)) | (Type::Set(item), Type::Set(wanted)) => fits(item, wanted),
        (Type::Map(key, item), Type::Map(wanted_key, wanted)) => key == wanted_key && fits(item, wanted),
        (Type::Object(object), Type::Map(crate::model::KeyType::Text, wanted)) => {
            object.members.values().all(|member| fits(&member.ty, wanted))
        }
        (Type::Object(object), Type::Object(wanted)) => object_fits(object, wanted),
        _ => false,
    }
}

fn object_fits(found: &ObjectType, wanted: &ObjectType) -> bool {
    found.members.keys().all(|name| wanted.members.contains_key(name))
        && wanted.members.iter().all(|(name, member)| match found.members.get(name) {
            Some(given) => fits(&given.ty, &member.ty) || (given.ty.is_optional() && member.default.is_some()),
            None => may_be_left_out(member),
        })
}

/// Whether an object may lack this member.
pub fn may_be_left_out(member: &Member) -> bool {
    member.default.is_some() || member.ty.is_optional() || member.ty == Type::Error
}

/// Whether a fitting value needs another form, or a check that only the value allows.
pub fn needs_conversion(found: &Type, expected: &Type) -> bool {
    if found == expected {
        return false;
    }
    match (found, expected) {
        (_, Type::Any | Type::Error) | (Type::Error | Type::Null, _) => false,
        (Type::Any, _) => true,
        (Type::Optional(inner), Type::Optional(wanted)) => needs_conversion(inner, wanted),
        (_, Type::Optional(wanted)) => needs_conversion(found, wanted),
        (Type::String | Type::Literal(_), Type::Id(_)) => true,
        (Type::List(item), Type::List(wanted))
        | (Type::Set(item), Type::Set(wanted))
        | (Type::Map(_, item), Type::Map(_, wanted)) => needs_conversion(item, wanted),
        (Type::Object(_), Type::Map(..) | Type::Object(_)) => true,
        (Type::Object(_) | Type::Map(..), Type::Union(_)) => true,
        (Type::String | Type::Literal(_), Type::Union(members)) => {
            !members.contains(found) && members.iter().any(|member| matches!(member, Type::Id(_)))
        }
        (Type::Union(members), _) => members.iter().any(|member| needs_conversion(member, expected)),
        _ => false,
    }
}

/// The least type that both fit; `None` where there is none.
pub fn join(left: &Type, right: &Type) -> Option<Type> {
    if fits(left, right) && !matches!(left, Type::Any | Type::Error) {
        return Some(right.clone());
    }
    if fits(right, left) {
        return Some(left.clone());
    }
    Some(match (left, right) {
        (Type::Null, other) | (other, Type::Null) => other.clone().optional(),
        (Type::Optional(inner), other) | (other, Type::Optional(inner)) => join(inner, other.required())?.optional(),
        (Type::Literal(_) | Type::Union(_), Type::Literal(_) | Type::Union(_)) => union(left, right)?,
        (Type::Literal(_) | Type::Id(_), Type::Id(_) | Type::Literal(_)) => Type::String,
        (Type::List(a), Type::List(b)) => Type::list(join(a, b)?),
        (Type::Set(a), Type::Set(b)) => Type::set(join(a, b)?),
        (Type::Map(key, a), Type::Map(other, b)) if key == other => Type::Map(*key, Box::new(join(a, b)?)),
        (Type::Object(a), Type::Object(b)) => join_objects(a, b)?,
        (Type::Object(a), Type::Map(key, item)) | (Type::Map(key, item), Type::Object(a)) => {
            let shared = a.members.values().try_fold((**item).clone(), |so_far, member| join(&so_far, &member.ty))?;
            Type::Map(*key, Box::new(shared))
        }
        _ => return None,
    })
}

/// Members that one side lacks are optional in the joint type.
fn join_objects(left: &ObjectType, right: &ObjectType) -> Option<Type> {
    let mut members = indexmap::IndexMap::new();
    for (name, member) in left.members.iter().chain(&right.members) {
        if members.contains_key(name) {
            continue;
        }
        let ty = match (left.members.get(name), right.members.get(name)) {
            (Some(a), Some(b)) => join(&a.ty, &b.ty)?,
            _ => member.ty.clone().optional(),
        };
        members.insert(name.clone(), Member { ty, default: None });
    }
    Some(Type::Object(Arc::new(ObjectType { members })))
}

fn union(left: &Type, right: &Type) -> Option<Type> {
    let mut members: Vec<Type> = Vec::new();
    for ty in [left, right] {
        let parts = if let Type::Union(parts) = ty { parts.clone() } else { vec![ty.clone()] };
        for part in parts {
            if !members.contains(&part) {
                members.push(part);
            }
        }
    }
    let texts = members.iter().all(|member| fits(member, &Type::String));
    match (texts, members.len() > UNION_MEMBERS) {
        (true, true) => Some(Type::String),
        (false, true) => None,
        (_, false) => Some(Type::Union(members)),
    }
}

/// An inferred type as people say it: one literal is a `string`.
pub fn widened(ty: &Type) -> Type {
    if is_text_as_written(ty) { Type::String } else { with_parts(ty, &widened) }
}

/// One literal, or several to choose from.
pub fn is_text_as_written(ty: &Type) -> bool {
    match ty {
        Type::Union(members) => members.iter().all(|member| matches!(member, Type::Literal(_))),
        other => matches!(other, Type::Literal(_)),
    }
}

/// The same type of other elements and members; what has none stays.
pub fn with_parts(ty: &Type, part: &dyn Fn(&Type) -> Type) -> Type {
    match ty {
        Type::List(item) => Type::list(part(item)),
        Type::Set(item) => Type::set(part(item)),
        Type::Map(key, item) => Type::Map(*key, Box::new(part(item))),
        Type::Optional(inner) => part(inner).optional(),
        Type::Object(object) => {
            let members = object.members.iter();
            let other = |member: &Member| Member { ty: part(&member.ty), default: member.default.clone() };
            Type::Object(Arc::new(ObjectType { members: members.map(|(n, m)| (n.clone(), other(m))).collect() }))
        }
        Type::Error
        | Type::Any
        | Type::Null
        | Type::Bool
        | Type::Int
        | Type::Number
        | Type::String
        | Type::Duration
        | Type::Literal(_)
        | Type::Id(_)
        | Type::Union(_)
        | Type::Instance(_) => ty.clone(),
    }
}

/// Deeper or larger types are refused: walking them would cost more than the program is worth.
const MAX_DEPTH: usize = 128;
const MAX_PARTS: usize = 20_000;

/// Whether a type is nested too deep or has too many parts. Costs no more than the limit.
pub fn too_complex(ty: &Type) -> bool {
    let mut budget = MAX_PARTS;
    !within(ty, MAX_DEPTH, &mut budget)
}

fn within(ty: &Type, depth: usize, budget: &mut usize) -> bool {
    if depth == 0 || *budget == 0 {
        return false;
    }
    *budget -= 1;
    match ty {
        Type::List(item) | Type::Set(item) | Type::Map(_, item) | Type::Optional(item) => {
            within(item, depth - 1, budget)
        }
        Type::Object(object) => object.members.values().all(|member| within(&member.ty, depth - 1, budget)),
        Type::Union(members) => members.iter().all(|member| within(member, depth - 1, budget)),
        Type::Error
        | Type::Any
        | Type::Null
        | Type::Bool
        | Type::Int
        | Type::Number
        | Type::String
        | Type::Duration
        | Type::Literal(_)
        | Type::Id(_)
        | Type::Instance(_) => true,
    }
}

/// The texts of a union of literals (or of one literal).
pub fn literals(ty: &Type) -> Option<Vec<&SmolStr>> {
    match ty.required() {
        Type::Literal(text) => Some(vec![text]),
        Type::Union(members) => {
            members.iter().map(|member| if let Type::Literal(text) = member { Some(text) } else { None }).collect()
        }
        _ => None,
    }
}

/// Whether a mistake was already reported somewhere inside.
pub fn has_error(ty: &Type) -> bool {
    match ty {
        Type::Error => true,
        Type::List(item) | Type::Set(item) | Type::Map(_, item) | Type::Optional(item) => has_error(item),
        Type::Object(object) => object.members.values().any(|member| has_error(&member.ty)),
        Type::Union(members) => members.iter().any(has_error),
        Type::Any
        | Type::Null
        | Type::Bool
        | Type::Int
        | Type::Number
        | Type::String
        | Type::Duration
        | Type::Literal(_)
        | Type::Id(_)
        | Type::Instance(_) => false,
    }
}
