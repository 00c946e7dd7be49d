//! The names of header fields.

/// Whether both are the same, except that case is ignored. `word` is made of letters and hyphens;
/// `text` has no control characters.
pub(crate) fn eq_ignore_case(text: &[u8], word: &[u8]) -> bool {
    // Setting bit 5 turns letters into lower case. It turns nothing else into a letter, and only CR
    // into a hyphen.
    let differing = |bits, (a, b): (&u8, &u8)| bits | (a | 0x20) ^ (b | 0x20);
    text.len() == word.len() && text.iter().zip(word).fold(0, differing) == 0
}

macro_rules! names {
    ($($name:ident = $text:literal,)*) => {
        /// A header field that the library reads or writes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Name {
            $(#[doc = $text] $name,)*
        }

        impl Name {
            /// The field called `name`, in any case. `name` has no control characters.
            // Inlined, so that a caller pays only for the names that it needs.
            #[inline(always)]
            #[must_use]
            pub fn parse(name: &[u8]) -> Option<Name> {
                match name {
                    $(_ if eq_ignore_case(name, $text.as_bytes()) => Some(Name::$name),)*
                    _ => None,
                }
            }

            /// The end of the line before a field, and the field up to its value.
            pub(super) const fn line_start(self) -> &'static [u8] {
                match self {
                    $(Name::$name => concat!("\r\n", $text, ": ").as_bytes(),)*
                }
            }
        }
    };
}

names! {
    Host = "Host",
    Origin = "Origin",
    Upgrade = "Upgrade",
    Connection = "Connection",
    SecWebSocketKey = "Sec-WebSocket-Key",
    SecWebSocketVersion = "Sec-WebSocket-Version",
    SecWebSocketAccept = "Sec-WebSocket-Accept",
    SecWebSocketProtocol = "Sec-WebSocket-Protocol",
    SecWebSocketExtensions = "Sec-WebSocket-Extensions",
    ContentLength = "Content-Length",
    ContentType = "Content-Type",
    TransferEncoding = "Transfer-Encoding",
    Allow = "Allow",
}

/// Whether a field is one of WebSocket's, known or not.
pub(crate) fn is_websocket(name: &[u8]) -> bool {
    let prefix = b"Sec-WebSocket-";
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
