//! The errors: one table of number, name, text, close code and HTTP status.

use core::ffi::CStr;
use core::fmt;

/// The result of a function that can fail.
pub type Result<T> = core::result::Result<T, Error>;

/// Success, with no count to report.
pub const WS_OK: i32 = 0;

// Errors of the caller or of the system. Nothing has changed, and the call may be repeated. Two
// exceptions: WS_ERR_NO_MEMORY from ws_conn_recv() or ws_pmd_decompress() is final, and an unknown
// flag disables the decoder that ws_decoder_init() was given.

/// An argument is invalid: NULL with a length, an unknown flag, a value out of range.
pub const WS_ERR_INVALID_ARGUMENT: i32 = -1;
/// `out` is too small; nothing was written.
pub const WS_ERR_BUFFER_TOO_SMALL: i32 = -2;
/// Not allowed in the current state, e.g. data after a close.
pub const WS_ERR_INVALID_STATE: i32 = -3;
/// Out of memory: the allocator returned NULL.
pub const WS_ERR_NO_MEMORY: i32 = -4;
/// A feature or option that this build does not have.
pub const WS_ERR_UNSUPPORTED: i32 = -5;
/// The source of random bytes failed.
pub const WS_ERR_RANDOM: i32 = -6;

// The opening handshake was rejected; ws_http_status() returns the status to reply with.

/// The head violates the grammar of HTTP/1.1 (RFC 9112).
pub const WS_ERR_HTTP_SYNTAX: i32 = -20;
/// The head exceeds WS_MAX_HEAD bytes or WS_MAX_FIELDS fields.
pub const WS_ERR_HTTP_TOO_LARGE: i32 = -21;
/// A valid HTTP request, but not a WebSocket upgrade.
pub const WS_ERR_NOT_UPGRADE: i32 = -22;
/// The method of an upgrade is not GET (HTTP/2 and HTTP/3: not CONNECT).
pub const WS_ERR_HTTP_METHOD: i32 = -23;
/// The HTTP version of an upgrade is not 1.1.
pub const WS_ERR_HTTP_VERSION: i32 = -24;
/// Host is missing, repeated or invalid, or differs from the host of the target. An empty Host is
/// accepted.
pub const WS_ERR_HANDSHAKE_HOST: i32 = -25;
/// Sec-WebSocket-Key is missing, repeated, or not the base64 of 16 bytes.
pub const WS_ERR_HANDSHAKE_KEY: i32 = -26;
/// Sec-WebSocket-Version is missing, repeated, or not 13.
pub const WS_ERR_HANDSHAKE_VERSION: i32 = -27;
/// Client: the status of the response is not 101 (HTTP/2 and HTTP/3: not 2xx).
pub const WS_ERR_HANDSHAKE_STATUS: i32 = -28;
/// Client: Sec-WebSocket-Accept, Upgrade or Connection is missing or invalid.
pub const WS_ERR_HANDSHAKE_ACCEPT: i32 = -29;
/// Server: the client offers none of your subprotocols (WS_ACCEPT_NEED_PROTOCOL). Client: the
/// server chose a subprotocol that was not offered.
pub const WS_ERR_HANDSHAKE_PROTOCOL: i32 = -30;
/// The list of extensions is malformed. Client: or an extension was not offered, or was confirmed
/// twice.
pub const WS_ERR_EXTENSION: i32 = -31;
/// The origin of the page is not one that you allow.
pub const WS_ERR_HANDSHAKE_ORIGIN: i32 = -32;

// The peer violated the protocol; ws_close_code_for() returns the close code to send.

/// A reserved bit is set that no agreed extension uses (RFC 6455, 5.2).
pub const WS_ERR_RESERVED_BITS: i32 = -40;
/// The opcode is reserved (5.2).
pub const WS_ERR_OPCODE: i32 = -41;
/// The payload length is not minimal, or has its top bit set (5.2).
pub const WS_ERR_LENGTH: i32 = -42;
/// A frame is masked and must not be, or must be masked and is not (5.1).
pub const WS_ERR_MASK: i32 = -43;
/// A control frame is fragmented, or its payload is longer than 125 bytes (5.5).
pub const WS_ERR_CONTROL_FRAME: i32 = -44;
/// A continuation without a message, or a new message inside a fragmented one (5.4).
pub const WS_ERR_FRAGMENTATION: i32 = -45;
/// A close payload is 1 byte long, or its code is not allowed (7.4).
pub const WS_ERR_CLOSE_PAYLOAD: i32 = -46;
/// A text message or the reason of a close is not valid UTF-8 (8.1).
pub const WS_ERR_UTF8: i32 = -47;
/// A frame or message exceeds a limit that you set.
pub const WS_ERR_TOO_BIG: i32 = -48;
/// Compressed data is damaged (RFC 7692).
pub const WS_ERR_COMPRESSION: i32 = -49;
/// The stream ended inside a frame or message; for a connection, also without a close.
pub const WS_ERR_EOF: i32 = -50;

/// An entry of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The constant's name in C.
    pub name: &'static CStr,
    /// A short English phrase.
    pub text: &'static CStr,
    /// The code of the close frame that reports it to the peer (RFC 6455, 7.4.1).
    pub close_code: u16,
    /// The status of the HTTP response that refuses a handshake.
    pub http_status: u16,
}

macro_rules! table {
    ($($variant:ident = $number:ident, $close:literal, $http:literal, $text:literal;)*) => {
        /// An error. Its value is its number in C.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        #[repr(i32)]
        pub enum Error {
            $($variant = $number,)*
        }

        impl Error {
            /// All errors, in the order of the table.
            pub const ALL: &[Error] = &[$(Error::$variant,)*];

            /// Its entry in the table.
            #[must_use]
            pub const fn entry(self) -> Entry {
                match self {
                    $(Error::$variant => Entry {
                        name: const { c_name(concat!(stringify!($number), "\0")) },
                        text: $text,
                        close_code: $close,
                        http_status: $http,
                    },)*
                }
            }
        }
    };
}

table! {
    InvalidArgument   = WS_ERR_INVALID_ARGUMENT,   1011, 500, c"an argument is invalid";
    BufferTooSmall    = WS_ERR_BUFFER_TOO_SMALL,   1011, 500, c"the output buffer is too small";
    InvalidState      = WS_ERR_INVALID_STATE,      1011, 500, c"not allowed in the current state";
    NoMemory          = WS_ERR_NO_MEMORY,          1011, 500, c"out of memory";
    Unsupported       = WS_ERR_UNSUPPORTED,        1011, 500, c"this build of the library does not support that";
    Random            = WS_ERR_RANDOM,             1011, 500, c"the source of random bytes failed";
    HttpSyntax        = WS_ERR_HTTP_SYNTAX,        1002, 400, c"the HTTP head is malformed";
    HttpTooLarge      = WS_ERR_HTTP_TOO_LARGE,     1002, 431, c"the HTTP head is too large";
    NotUpgrade        = WS_ERR_NOT_UPGRADE,        1002, 426, c"the request is not a WebSocket upgrade";
    HttpMethod        = WS_ERR_HTTP_METHOD,        1002, 405, c"the method must be GET, or CONNECT over HTTP/2 and HTTP/3";
    HttpVersion       = WS_ERR_HTTP_VERSION,       1002, 505, c"an opening handshake must be HTTP/1.1";
    HandshakeHost     = WS_ERR_HANDSHAKE_HOST,     1002, 400, c"Host is missing, invalid or repeated, or differs from the target";
    HandshakeKey      = WS_ERR_HANDSHAKE_KEY,      1002, 400, c"Sec-WebSocket-Key is missing, invalid or repeated";
    HandshakeVersion  = WS_ERR_HANDSHAKE_VERSION,  1002, 426, c"Sec-WebSocket-Version is not 13";
    HandshakeStatus   = WS_ERR_HANDSHAKE_STATUS,   1002, 400, c"the server did not accept the connection";
    HandshakeAccept   = WS_ERR_HANDSHAKE_ACCEPT,   1002, 400, c"Sec-WebSocket-Accept, Upgrade or Connection is missing or invalid";
    HandshakeProtocol = WS_ERR_HANDSHAKE_PROTOCOL, 1002, 400, c"the subprotocol was not offered";
    Extension         = WS_ERR_EXTENSION,          1002, 400, c"an extension was not offered or is invalid";
    HandshakeOrigin   = WS_ERR_HANDSHAKE_ORIGIN,   1002, 403, c"the origin is not allowed";
    ReservedBits      = WS_ERR_RESERVED_BITS,      1002, 400, c"a reserved bit is set";
    Opcode            = WS_ERR_OPCODE,             1002, 400, c"the opcode is reserved";
    Length            = WS_ERR_LENGTH,             1002, 400, c"the payload length is not minimal or has its top bit set";
    Mask              = WS_ERR_MASK,               1002, 400, c"the frame is masked, or unmasked, when it must not be";
    ControlFrame      = WS_ERR_CONTROL_FRAME,      1002, 400, c"a control frame is fragmented or longer than 125 bytes";
    Fragmentation     = WS_ERR_FRAGMENTATION,      1002, 400, c"the fragments of a message are out of order";
    ClosePayload      = WS_ERR_CLOSE_PAYLOAD,      1002, 400, c"the close payload is 1 byte long or its code is not allowed";
    Utf8              = WS_ERR_UTF8,               1007, 400, c"the text is not UTF-8";
    TooBig            = WS_ERR_TOO_BIG,            1009, 400, c"a message or frame is larger than the limit";
    Compression       = WS_ERR_COMPRESSION,        1007, 400, c"the compressed data is damaged";
    Eof               = WS_ERR_EOF,                1002, 400, c"the stream ended unexpectedly";
}

const fn c_name(with_nul: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(with_nul.as_bytes()) {
        Ok(name) => name,
        Err(_) => panic!(),
    }
}

impl Error {
    /// Its number in C.
    #[must_use]
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// The error with this number, if there is one.
    #[must_use]
    pub fn from_code(code: isize) -> Option<Error> {
        Error::ALL.iter().copied().find(|error| error.code() as isize == code)
    }

    /// Fails if a number that was kept is that of an error, or of none that exists. 0: no error.
    pub(crate) fn check_kept(code: i32) -> Result<()> {
        match code {
            0 => Ok(()),
            _ => Err(Error::from_code(code as isize).unwrap_or(Error::InvalidArgument)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry().text.to_str().unwrap_or_default())
    }
}

impl core::error::Error for Error {}
