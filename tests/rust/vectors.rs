//! Reads the files of tests/vectors; their README.md describes them.

use crate::c::{self, WS_CLIENT, WS_SERVER};
use crate::wire::hex;
use serde_json::{Map, Value};
use std::fs;
use std::rc::Rc;
use wscodec::ffi::negotiation::ws_pmd_params;
use wscodec::ffi::result::ws_errname;

/// A vector, or an object in it.
#[derive(Clone)]
pub(crate) struct Vector {
    members: Map<String, Value>,
    /// The named parts of its file.
    parts: Rc<Map<String, Value>>,
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The vectors of tests/vectors/KIND.json.
pub(crate) fn load(kind: &str) -> Vec<Vector> {
    let path = format!("{}/tests/vectors/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let parts = Rc::new(file.get("parts").map(object).unwrap_or_default());
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors.map(|v| Vector { members: object(v), parts: parts.clone() }).collect()
}

/// The number of the error with this name.
fn error_number(name: &str) -> isize {
    let named = |error: &isize| c::text(ws_errname(*error)) == name;
    (-100..0).find(named).expect(name)
}

impl Vector {
    pub(crate) fn name(&self) -> &str {
        self.text("name").unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// None if it is absent or null.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// None if it is absent.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let value = self.members.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Whether it is present and true.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.members.get(name).and_then(Value::as_bool) == Some(true)
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        self.optional_bytes(name).unwrap()
    }

    /// None if it is absent or null.
    pub(crate) fn optional_bytes(&self, name: &str) -> Option<Vec<u8>> {
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        Some(self.bytes_of(value))
    }

    /// Every element of a list.
    pub(crate) fn all_bytes(&self, name: &str) -> Vec<Vec<u8>> {
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
    pub(crate) fn member(&self, name: &str) -> Option<Vector> {
        let members = self.members.get(name)?.as_object()?.clone();
        Some(Vector { members, parts: self.parts.clone() })
    }

    /// The objects of a list.
    pub(crate) fn members(&self, name: &str) -> Vec<Vector> {
        let values = self.members[name].as_array().unwrap().iter();
        values.map(|v| Vector { members: object(v), parts: self.parts.clone() }).collect()
    }

    /// 0 without an error.
    pub(crate) fn error(&self) -> isize {
        self.text("error").map_or(0, error_number)
    }

    /// The result at the end of a stream.
    pub(crate) fn end(&self) -> isize {
        self.text("end").map_or(self.error(), error_number)
    }

    /// The position of the byte that proves the error.
    pub(crate) fn error_at(&self) -> Option<usize> {
        self.number("error_at").map(|at| at as usize)
    }

    pub(crate) fn side(&self) -> u32 {
        if self.text("role") == Some("server") { WS_SERVER } else { WS_CLIENT }
    }

    /// The bits of rsv1, rsv2 and rsv3.
    pub(crate) fn reserved_bits(&self) -> u8 {
        let bit = |name, bit| if self.is(name) { bit } else { 0 };
        bit("rsv1", 0x40) | bit("rsv2", 0x20) | bit("rsv3", 0x10)
    }

    /// None if it is absent.
    pub(crate) fn mask_key(&self) -> Option<[u8; 4]> {
        self.text("mask_key").map(|digits| hex(digits).try_into().unwrap())
    }

    /// Parameters of permessage-deflate; the defaults if they are absent.
    pub(crate) fn parameters(&self, name: &str) -> ws_pmd_params {
        let Some(these) = self.member(name) else { return crate::pmd::USUAL };
        let bits = |name| these.number(name).unwrap_or(15) as u8;
        ws_pmd_params {
            server_no_context_takeover: these.is("server_no_context_takeover").into(),
            client_no_context_takeover: these.is("client_no_context_takeover").into(),
            server_max_window_bits: bits("server_max_window_bits"),
            client_max_window_bits: bits("client_max_window_bits"),
            ..crate::pmd::USUAL
        }
    }
}
