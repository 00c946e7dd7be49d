//! A client's side of the opening handshake behind its request (RFC 6455, 4.1).

use super::pmd;
use super::response::{self, Response};
use crate::deflate::Params;
use crate::error::{Error, Result};

/// Judges the response to a request, and reads from it what compression was agreed on. None: it
/// is not complete. A response that is not a 101 is left to the caller.
///
/// `offered` is what the request's offer of compression was written from, and must be there if
/// and only if it has one.
pub fn confirm<'a>(
    buf: &'a [u8],
    request: &[u8],
    offered: Option<&Params>,
) -> Result<Option<(Response<'a>, Option<Params>)>> {
    let request = response::sent(request)?;
    if pmd::is_offered(request.extensions())? != offered.is_some() {
        return Err(Error::InvalidArgument);
    }
    let Some(response) = response::parse_answer(buf, &request)? else { return Ok(None) };
    let agreed = match offered {
        Some(offered) if response.status == 101 => {
            pmd::confirm_in(response.extensions(), offered)?
        }
        _ => None,
    };
    Ok(Some((response, agreed)))
}
