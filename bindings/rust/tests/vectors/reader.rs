//! Reads the files; their README.md describes them.

use serde_json::{Map, Value};
use std::fs;
use std::rc::Rc;
use wscodec_std::frame::DecodeFlags;
use wscodec_std::{Direction, Error, Params, Side};

/// A vector, or an object in it.
#[derive(Clone)]
pub struct Vector {
    members: Map<String, Value>,
    /// The named parts of its file.
    parts: Rc<Map<String, Value>>,
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The vectors of a file.
pub fn load(kind: &str) -> Vec<Vector> {
    let path = format!("{}/../../tests/vectors/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let parts = Rc::new(file.get("parts").map(object).unwrap_or_default());
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors.map(|v| Vector { members: object(v), parts: parts.clone() }).collect()
}

fn named(name: &str) -> Error {
    let all = Error::ALL.iter().copied();
    all.into_iter().find(|error| error.entry().name.to_str() == Ok(name)).expect(name)
}

fn hex(digits: &str) -> Vec<u8> {
    let digits = digits.replace(' ', "");
    let pairs =
        digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

impl Vector {
    pub fn name(&self) -> &str {
        self.text("name").unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The names of the members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// None if it is absent or null.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    /// None if it is absent.
    pub fn number(&self, name: &str) -> Option<u64> {
        let value = self.members.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Whether it is present and true.
    pub fn is(&self, name: &str) -> bool {
        self.members.get(name).and_then(Value::as_bool) == Some(true)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.optional_bytes(name).unwrap()
    }

    /// None if it is absent or null.
    pub fn optional_bytes(&self, name: &str) -> Option<Vec<u8>> {
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        Some(self.bytes_of(value))
    }

    /// Every element of a list.
    pub fn all_bytes(&self, name: &str) -> Vec<Vec<u8>> {
        let values = self.members[name].as_array().unwrap();
        values.iter().map(|value| self.bytes_of(value)).collect()
    }

    fn bytes_of(&self, value: &Value) -> Vec<u8> {
        if let Some(text) = value.as_str() {
            return text.into();
        }
        if let Some(list) = value.as_array() {
            return list.iter().flat_map(|part| self.bytes_of(part)).collect();
        }
        if let Some(digits) = value["hex"].as_str() {
            return hex(digits);
        }
        if let Some(times) = value["times"].as_u64() {
            return self.bytes_of(&value["repeat"]).repeat(times as usize);
        }
        self.bytes_of(&self.parts[value["part"].as_str().unwrap()])
    }

    /// An object in this one; None if it is absent or null.
    pub fn member(&self, name: &str) -> Option<Vector> {
        let members = self.members.get(name)?.as_object()?.clone();
        Some(Vector { members, parts: self.parts.clone() })
    }

    /// The objects of a list.
    pub fn members(&self, name: &str) -> Vec<Vector> {
        let values = self.members[name].as_array().unwrap().iter();
        values.map(|v| Vector { members: object(v), parts: self.parts.clone() }).collect()
    }

    pub fn error(&self) -> Option<Error> {
        self.text("error").map(named)
    }

    /// The error with which the stream ends.
    pub fn end(&self) -> Option<Error> {
        self.text("end").map(named).or(self.error())
    }

    /// The position of the byte that proves the error; without one, the last of `len` bytes.
    pub fn at(&self, len: usize) -> usize {
        self.number("error_at").map_or(len - 1, |at| at as usize)
    }

    pub fn side(&self) -> Side {
        if self.text("role") == Some("server") { Side::Server } else { Side::Client }
    }

    /// The bits of fin, rsv1, rsv2 and rsv3.
    pub fn bits(&self) -> u8 {
        let bits = [("fin", 0x80), ("rsv1", 0x40), ("rsv2", 0x20), ("rsv3", 0x10)];
        bits.iter().filter(|(name, _)| self.is(name)).map(|(_, bit)| bit).sum()
    }

    pub fn mask_key(&self) -> Option<[u8; 4]> {
        self.text("mask_key").map(|digits| hex(digits).try_into().unwrap())
    }

    pub fn flags(&self) -> DecodeFlags {
        let mut flags = if self.side() == Side::Client { DecodeFlags::CLIENT } else { 0 };
        if let Some(options) = self.member("options") {
            for (name, flag) in [
                ("deflate", DecodeFlags::DEFLATE),
                ("any_mask", DecodeFlags::ANY_MASK),
                ("any_rsv", DecodeFlags::ANY_RSV),
                ("keep_masked", DecodeFlags::KEEP_MASKED),
            ] {
                flags |= if options.is(name) { flag } else { 0 };
            }
        }
        DecodeFlags::from_caller(flags).unwrap()
    }

    /// Parameters of permessage-deflate; the defaults if they are absent.
    pub fn parameters(&self, name: &str) -> Params {
        let these = self.member(name);
        let direction = |side: &str| {
            let these = these.as_ref();
            let alone = these
                .is_some_and(|these| these.is(&format!("{side}_no_context_takeover")));
            let bits =
                these.and_then(|these| these.number(&format!("{side}_max_window_bits")));
            Direction::new(alone, bits.unwrap_or(15) as u8).unwrap()
        };
        Params::new(direction("server"), direction("client"), 6, 8).unwrap()
    }
}

/// Calls `check` with the lengths of prefixes: all, of long inputs those near the start, the end
/// and a place of interest.
pub fn prefixes(len: usize, near: usize, mut check: impl FnMut(usize)) {
    for n in 0..=len {
        if n < 300 || n + 2 > len || n.abs_diff(near) < 3 {
            check(n);
        }
    }
}

/// Calls `check` with an input whole, in two parts cut at each place, and byte by byte. Long inputs
/// are cut near their ends.
pub fn cuts(input: &[u8], mut check: impl FnMut(Vec<Vec<u8>>)) {
    const LONG: usize = 500;
    for cut in (0..=input.len()).filter(|cut| *cut < LONG || cut + 2 > input.len()) {
        let (first, second) = input.split_at(cut);
        check(vec![first.to_vec(), second.to_vec()]);
    }
    let (single, rest) = input.split_at(input.len().min(LONG));
    check(single.chunks(1).chain([rest]).map(<[u8]>::to_vec).collect());
}
