using System;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>A client's opening request, and what is needed to read the response.</summary>
    public sealed unsafe class Request
    {
        private const int MaxHead = 65536;
        private const int KeyLength = 24;
        private readonly byte[] head;
        private readonly Deflate offered;

        /// <summary>A request that was written before.</summary>
        /// <param name="deflate">The compression that it offers; null: none.</param>
        public Request(byte[] head, Deflate deflate = null)
        {
            this.head = (byte[])head.Clone();
            offered = deflate;
        }

        /// <param name="host">For example "example.com:8080".</param>
        /// <param name="target">For example "/chat".</param>
        /// <param name="protocols">The subprotocols, the most preferred first.</param>
        /// <param name="headers">Additional complete lines, "Name: value\r\n".</param>
        /// <param name="deflate">The compression to offer.</param>
        public Request(string host, string target, string origin = null,
            string[] protocols = null, string headers = null, Deflate deflate = null)
        {
            offered = deflate;
            var key = new byte[KeyLength];
            fixed (byte* to = key)
                ErrorCodes.Check(NativeMethods.ws_make_key(to, KeyLength), null);
            var list = protocols == null ? null : string.Join(", ", protocols);
            head = Write(key,
                Latin1.Bytes(host, nameof(host)), Latin1.Bytes(target, nameof(target)),
                Latin1.Bytes(origin, nameof(origin)), Latin1.Bytes(list, nameof(protocols)),
                Latin1.Bytes(deflate?.Offer(), nameof(deflate)),
                Latin1.Bytes(headers, nameof(headers)));
        }

        private static byte[] Write(byte[] key, byte[] host, byte[] target, byte[] origin,
            byte[] protocols, byte[] extensions, byte[] headers)
        {
            var output = new byte[MaxHead];
            fixed (byte* keyAt = key)
            fixed (byte* hostAt = host)
            fixed (byte* targetAt = target)
            fixed (byte* originAt = origin)
            fixed (byte* protocolsAt = protocols)
            fixed (byte* extensionsAt = extensions)
            fixed (byte* headersAt = headers)
            fixed (byte* to = output)
            {
                var spec = new RequestSpec
                {
                    Key = new Bytes(keyAt, key),
                    Host = new Bytes(hostAt, host),
                    Target = new Bytes(targetAt, target),
                    Origin = new Bytes(originAt, origin),
                    Protocols = new Bytes(protocolsAt, protocols),
                    Extensions = new Bytes(extensionsAt, extensions),
                    Headers = new Bytes(headersAt, headers),
                };
                long result = NativeMethods.ws_build_request(
                    &spec, sizeof(RequestSpec), to, output.Length);
                Array.Resize(ref output, ErrorCodes.Check(
                    result, "host, target, origin, protocols or headers"));
                return output;
            }
        }

        /// <summary>The bytes to send.</summary>
        public ReadOnlyMemory<byte> Head => head;

        /// <summary>
        /// Reads the response at the start of the input (RFC 6455, 4.1): the first frames are
        /// behind its Length. Returns null while the head is incomplete.
        /// </summary>
        public ResponseHead Confirm(ReadOnlySpan<byte> input, out Connection connection)
        {
            IntPtr conn;
            NativeResponse fields;
            var parameters = offered == null ? default(PmdParams) : offered.Pack();
            long result;
            fixed (byte* buf = &MemoryMarshal.GetReference(input))
            fixed (byte* sent = head)
                result = NativeMethods.ws_conn_confirm(buf, input.Length, sent, head.Length,
                    offered == null ? null : &parameters, null, &conn,
                    &fields, sizeof(NativeResponse));
            var response = ResponseHead.Checked(result, input, fields);
            connection = response == null ? null : new Connection(conn);
            return response;
        }
    }
}
