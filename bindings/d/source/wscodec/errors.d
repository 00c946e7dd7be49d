/// What went wrong, and what to tell the peer.
module wscodec.errors;

import std.string : fromStringz;
import wscodec.declarations;

class WsException : Exception
{
    immutable string constant;   /// Its name in wscodec.h, such as "WS_ERR_UTF8".
    immutable ushort closeCode;  /// What the close frame reports.
    immutable ushort httpStatus; /// The status of the reply that rejects a request.

    this(ptrdiff_t error) @trusted
    {
        constant = ws_errname(error).fromStringz.idup;
        closeCode = ws_close_code_for(error);
        httpStatus = ws_http_status(error);
        super(constant ~ ": " ~ ws_strerror(error).fromStringz.idup);
    }
}

/// A wrong call, or no memory.
class UsageException : WsException
{
    this(ptrdiff_t error) @safe { super(error); }
}

/// The opening handshake has failed.
class HandshakeException : WsException
{
    this(ptrdiff_t error) @safe { super(error); }
}

/// The peer has violated the protocol.
class ProtocolException : WsException
{
    this(ptrdiff_t error) @safe { super(error); }
}

package:

WsException exceptionOf(ptrdiff_t error) @safe
{
    if (error > WS_ERR_HTTP_SYNTAX)
        return new UsageException(error);
    if (error > WS_ERR_RESERVED_BITS)
        return new HandshakeException(error);
    return new ProtocolException(error);
}

/// The count that a call returned. Throws its error.
size_t checked(ptrdiff_t result) @safe
{
    if (result < 0)
        throw exceptionOf(result);
    return result;
}
