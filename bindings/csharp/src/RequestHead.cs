using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Wscodec
{
    /// <summary>A client's opening request. What is absent is null.</summary>
    public sealed unsafe class RequestHead
    {
        public string Method { get; }

        public string Target { get; }

        public string Host { get; }

        public string Origin { get; }

        public string Key { get; }

        /// <summary>The digits of the version: 11 is HTTP/1.1.</summary>
        public int HttpVersion { get; }

        /// <summary>The length of the head in bytes; the first frames follow it.</summary>
        public int Length { get; }

        private RequestHead(ReadOnlySpan<byte> head, NativeHandshake fields)
        {
            Method = Latin1.Text(head, fields.Method);
            Target = Latin1.Text(head, fields.Target);
            Host = Latin1.Text(head, fields.Host);
            Origin = Latin1.Text(head, fields.Origin);
            Key = Latin1.Text(head, fields.Key);
            HttpVersion = (int)fields.HttpVersion;
            Length = (int)fields.HeadLen;
        }

        /// <summary>
        /// Parses the request at the start of a buffer and checks it (RFC 6455, 4.2.1). Returns
        /// null while it is incomplete. Throws NotUpgradeException for an ordinary request.
        /// </summary>
        public static RequestHead Parse(ReadOnlySpan<byte> input)
        {
            NativeHandshake fields;
            long result;
            fixed (byte* buf = &MemoryMarshal.GetReference(input))
                result = NativeMethods.ws_parse_handshake(
                    buf, input.Length, &fields, sizeof(NativeHandshake));
            if (result == (long)ErrorCode.NotUpgrade)
                throw new NotUpgradeException(new RequestHead(input, fields));
            return ErrorCodes.Check(result, nameof(input)) == 0
                ? null : new RequestHead(input, fields);
        }

        /// <summary>The Sec-WebSocket-Accept of a Sec-WebSocket-Key (RFC 6455, 4.2.2).</summary>
        public static string AcceptKey(string key)
        {
            const int Length = 28;
            var bytes = Latin1.Bytes(key, nameof(key));
            byte* output = stackalloc byte[Length];
            fixed (byte* from = bytes)
                ErrorCodes.Check(NativeMethods.ws_accept_key(
                    from, bytes.Length, output, Length), nameof(key));
            return Encoding.ASCII.GetString(output, Length);
        }
    }
}
