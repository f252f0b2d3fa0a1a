//! How a room lists its codes: one table, so that nothing can be a code and not be in the list.

/// `codes! { "cnx::room"; NAME = error("what_is_wrong", "a title that never changes"); … }` declares each code as a static and `ALL` of
/// them in order.
macro_rules! codes {
    ($room:literal; $($(#[$doc:meta])* $name:ident = $kind:ident($id:literal, $title:literal);)*) => {
        $($(#[$doc])* pub static $name: $crate::diag::Code = $crate::diag::Code::$kind(concat!($room, "::", $id), $title);)*

        /// All of them, for `cnx explain` and the tests.
        pub static ALL: &[&$crate::diag::Code] = &[$(&$name),*];
    };
}

pub(crate) use codes;
