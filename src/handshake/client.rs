//! The client's side of the opening handshake, after its request was sent (RFC 6455, 4.1).

use super::pmd;
use super::request;
use super::response::{self, Response};
use crate::deflate::Params;
use crate::error::{Error, Result};

/// Judges the response to a request, and reads from a 101 the agreed parameters of compression. A
/// response with another status is left to the caller. None if it is incomplete.
///
/// `offered` are the parameters from which the request's offer of compression was written. It is
/// None if the request has no such offer, and only then.
pub fn confirm<'a>(
    buf: &'a [u8],
    request: &[u8],
    offered: Option<&Params>,
) -> Result<Option<(Response<'a>, Option<Params>)>> {
    let request = request::parse_sent(request)?;
    if pmd::is_offered(request.extensions())? != offered.is_some() {
        return Err(Error::InvalidArgument);
    }
    let Some(response) = response::parse(buf, &request)? else { return Ok(None) };
    let agreed = match offered {
        Some(offered) if response.status == 101 => {
            pmd::confirm(response.extensions(), offered)?
        }
        _ => None,
    };
    Ok(Some((response, agreed)))
}
