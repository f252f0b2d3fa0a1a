//! Addresses and networks: IPv4 and IPv6 in CIDR notation.

use super::arguments::{count, int, made, text};
use super::table::{Function, Shape};
use crate::model::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const S: Shape = Shape::String;

pub static FUNCTIONS: &[Function] = &[
    Function::new(
        "cidrsubnet",
        "A network within a network: so many bits longer, with that number.",
        &[("prefix", S), ("newbits", Shape::Int), ("number", Shape::Int)],
        S,
        (r#"cidrsubnet("10.0.0.0/16", 8, 2)"#, r#""10.0.2.0/24""#),
        |a| made(subnet(&network(text(&a[0])?)?, count(&a[1])?, int(&a[2])?)?.shown()),
    ),
    Function::new(
        "cidrsubnets",
        "Networks one after the other, each so many bits longer.",
        &[("prefix", S), ("newbits", Shape::Int)],
        Shape::List(&S),
        (r#"cidrsubnets("10.0.0.0/16", 8, 8)"#, r#"["10.0.0.0/24", "10.0.1.0/24"]"#),
        subnets,
    )
    .variadic(),
    Function::new(
        "cidrhost",
        "The address with that number in a network; negative counts from the end.",
        &[("prefix", S), ("number", Shape::Int)],
        S,
        (r#"cidrhost("10.0.0.0/24", 5)"#, r#""10.0.0.5""#),
        host,
    ),
    Function::new(
        "cidrnetmask",
        "The mask of an IPv4 network.",
        &[("prefix", S)],
        S,
        (r#"cidrnetmask("10.0.0.0/12")"#, r#""255.240.0.0""#),
        |a| {
            let network = network(text(&a[0])?)?;
            if network.bits != 32 {
                return Err("masks are written for IPv4 only".to_owned());
            }
            let mask = if network.length == 0 { 0 } else { u32::MAX << (32 - network.length) };
            made(Ipv4Addr::from(mask).to_string())
        },
    ),
    Function::new(
        "cidrcontains",
        "Whether an address lies in a network.",
        &[("prefix", S), ("address", S)],
        Shape::Bool,
        (r#"cidrcontains("10.0.0.0/8", "10.1.2.3")"#, "true"),
        |a| {
            let network = network(text(&a[0])?)?;
            let address: IpAddr = text(&a[1])?.parse().map_err(|_| "no IP address".to_owned())?;
            let (value, bits) = number_of(address);
            Ok(Value::Bool(bits == network.bits && masked(value, network.length, bits) == network.base))
        },
    ),
];

struct Network {
    base: u128,
    length: u32,
    /// 32 or 128.
    bits: u32,
}

impl Network {
    fn shown(&self) -> String {
        format!("{}/{}", address(self.base, self.bits), self.length)
    }
}

fn number_of(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    }
}

fn address(value: u128, bits: u32) -> String {
    if bits == 32 { Ipv4Addr::from(value as u32).to_string() } else { Ipv6Addr::from(value).to_string() }
}

fn masked(value: u128, length: u32, bits: u32) -> u128 {
    let free = bits - length;
    if free >= 128 { 0 } else { value >> free << free }
}

fn network(prefix: &str) -> Result<Network, String> {
    let wrong = || format!("\"{prefix}\" is no network like 10.0.0.0/16");
    let (ip, length) = prefix.split_once('/').ok_or_else(wrong)?;
    let (value, bits) = number_of(ip.parse().map_err(|_| wrong())?);
    let length: u32 = length.parse().ok().filter(|length| *length <= bits).ok_or_else(wrong)?;
    Ok(Network { base: masked(value, length, bits), length, bits })
}

fn subnet(network: &Network, newbits: usize, number: i64) -> Result<Network, String> {
    let length = u32::try_from(newbits).ok().and_then(|more| network.length.checked_add(more));
    let length = length.filter(|length| *length <= network.bits).ok_or("the prefix would be too long")?;
    let number = u128::try_from(number).map_err(|_| "the number is negative".to_owned())?;
    let room = length - network.length;
    if room < 127 && number >= 1 << room {
        return Err(format!("there are only {} such networks", 1u128 << room));
    }
    let free = network.bits - length;
    let base = network.base | if free >= 128 { 0 } else { number << free };
    Ok(Network { base, length, bits: network.bits })
}

fn subnets(a: &[Value]) -> Result<Value, String> {
    let whole = network(text(&a[0])?)?;
    let mut next = whole.base;
    let mut made = Vec::new();
    for newbits in &a[1..] {
        let length = count(newbits)? + whole.length as usize;
        let length =
            u32::try_from(length).ok().filter(|length| *length <= whole.bits).ok_or("the prefix would be too long")?;
        let free = whole.bits - length;
        let size = 1u128.checked_shl(free).unwrap_or(0);
        let rest = if size == 0 { 0 } else { next % size };
        let base = if rest == 0 { next } else { next + (size - rest) };
        if masked(base, whole.length, whole.bits) != whole.base {
            return Err("the network has no room for all".to_owned());
        }
        made.push(Value::string(&Network { base, length, bits: whole.bits }.shown()));
        next = base.saturating_add(size);
    }
    Ok(Value::list(made))
}

fn host(a: &[Value]) -> Result<Value, String> {
    let (network, number) = (network(text(&a[0])?)?, int(&a[1])?);
    let free = network.bits - network.length;
    let last = if free >= 128 { u128::MAX } else { (1u128 << free) - 1 };
    let offset = if number < 0 {
        last.checked_sub(u128::from(number.unsigned_abs()) - 1)
    } else {
        u128::try_from(number).ok().filter(|number| *number <= last)
    };
    let offset = offset.ok_or("the network has no such address")?;
    made(address(network.base | offset, network.bits))
}
