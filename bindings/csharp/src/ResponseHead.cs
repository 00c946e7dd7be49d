using System;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>
    /// A server's response to the opening request. What is absent is null.
    /// </summary>
    public sealed unsafe class ResponseHead
    {
        public int Status { get; }

        public string Reason { get; }

        /// <summary>The subprotocol that the server chose.</summary>
        public string Protocol { get; }

        /// <summary>The first Sec-WebSocket-Extensions.</summary>
        public string Extensions { get; }

        /// <summary>The digits of the version: 11 is HTTP/1.1.</summary>
        public int HttpVersion { get; }

        /// <summary>The length of the head in bytes; the first frames follow it.</summary>
        public int Length { get; }

        private ResponseHead(ReadOnlySpan<byte> head, NativeResponse fields)
        {
            Status = fields.Status;
            Reason = Latin1.Text(head, fields.Reason);
            Protocol = Latin1.Text(head, fields.Protocol);
            Extensions = Latin1.Text(head, fields.Extensions);
            HttpVersion = fields.HttpVersion;
            Length = (int)fields.HeadLen;
        }

        /// <summary>
        /// Parses the response at the start of a buffer and checks it against the request (RFC
        /// 6455, 4.1). Returns null while it is incomplete. Throws StatusException unless it is
        /// a 101.
        /// </summary>
        public static ResponseHead Parse(ReadOnlySpan<byte> input, byte[] request)
        {
            NativeResponse fields;
            long result;
            fixed (byte* buf = &MemoryMarshal.GetReference(input))
            fixed (byte* sent = request)
                result = NativeMethods.ws_parse_response(buf, input.Length, sent, request.Length,
                    &fields, sizeof(NativeResponse));
            return Checked(result, input, fields);
        }

        /// <summary>The result of a function that fills a ws_response.</summary>
        internal static ResponseHead Checked(
            long result, ReadOnlySpan<byte> head, NativeResponse fields)
        {
            if (result == (long)ErrorCode.HandshakeStatus)
                throw new StatusException(new ResponseHead(head, fields));
            return ErrorCodes.Check(result, "request") == 0
                ? null : new ResponseHead(head, fields);
        }
    }
}
