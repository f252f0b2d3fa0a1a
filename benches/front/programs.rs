//! The texts that are measured: files of about one megabyte, one in cnx and the like in HCL.

/// One unit of a program in both languages; `@` stands for its number.
const UNITS: (&str, &str) = (include_str!("stack.cnx"), include_str!("stack.hcl"));

/// A file in both languages, with the same declarations.
pub struct Pair {
    pub cnx: String,
    pub hcl: String,
}

/// So many files of a megabyte each; no name stands twice.
pub fn files(count: usize) -> Vec<Pair> {
    let mut number = 1_000;
    let mut files = Vec::with_capacity(count);
    for _ in 0..count {
        let mut file = Pair { cnx: String::new(), hcl: String::new() };
        while file.cnx.len() < 1_000_000 {
            let digits = number.to_string();
            file.cnx += &UNITS.0.replace('@', &digits);
            file.hcl += &UNITS.1.replace('@', &digits);
            number += 1;
        }
        files.push(file);
    }
    files
}
