/// How slices are passed to C.
module wscodec.memory;

import wscodec.declarations;

package:

/// The caller keeps the slice for as long as C uses it.
ws_bytes view(return const(char)[] text) @trusted
{
    return ws_bytes(text.ptr, text.length);
}

string part(string text, ws_span range) @safe
{
    return text[range.off .. range.off + range.len];
}
