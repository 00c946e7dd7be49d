using System;
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Wscodec
{
    /// <summary>What became of a request.</summary>
    public sealed class Accepted
    {
        /// <summary>Null if the request was rejected.</summary>
        public Connection Connection { get; internal set; }

        /// <summary>Why it was rejected, or ErrorCode.None.</summary>
        public ErrorCode Error { get; internal set; }

        /// <summary>The subprotocol that was chosen; null: none.</summary>
        public string Protocol { get; internal set; }

        /// <summary>The length of the head in bytes; the first frames follow it.</summary>
        public int HeadLength { get; internal set; }
    }

    /// <summary>
    /// How a server accepts clients: its policy, checked once. Threads may share it.
    /// </summary>
    public sealed unsafe class Acceptor
    {
        private const int MaxReply = 512;
        private const uint NeedProtocol = 0x1;
        private readonly byte[] protocols;
        private readonly byte[] origins;
        private readonly byte[] headers;
        private readonly Deflate deflate;
        private readonly uint flags;

        /// <param name="protocols">The subprotocols, the most preferred first.</param>
        /// <param name="needProtocol">Rejects clients that offer none of them.</param>
        /// <param name="origins">
        /// Rejects browsers' pages of other origins, such as "https://example.com".
        /// </param>
        /// <param name="headers">Complete lines, "Name: value\r\n", for the 101.</param>
        /// <param name="deflate">
        /// Compresses, if the client offers that, with these parameters at most.
        /// </param>
        public Acceptor(string[] protocols = null, bool needProtocol = false,
            string[] origins = null, string headers = null, Deflate deflate = null)
        {
            this.protocols = List(", ", protocols, nameof(protocols));
            this.origins = List(" ", origins, nameof(origins));
            this.headers = Latin1.Bytes(headers, nameof(headers));
            this.deflate = deflate;
            flags = needProtocol ? NeedProtocol : 0;
            NativeAccepted accepted;
            long result = Call(ReadOnlySpan<byte>.Empty, &accepted, Span<byte>.Empty);
            ErrorCodes.Check(result, "protocols, needProtocol, origins or headers");
        }

        private static byte[] List(string separator, string[] values, string name)
        {
            if (values != null && values.Length == 0)
                throw new ArgumentException("an empty list", name);
            return values == null ? null : Latin1.Bytes(string.Join(separator, values), name);
        }

        /// <summary>
        /// Reads the request at the start of the input (RFC 6455, 4.2), and writes the response.
        /// Returns null, and does nothing, while the head is incomplete.
        /// </summary>
        public Accepted Accept(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
        {
            int bound = MaxReply + (headers?.Length ?? 0) + (protocols?.Length ?? 0);
            NativeAccepted found;
            int length = ErrorCodes.Check(
                Call(input, &found, output.GetSpan(bound)), nameof(input));
            output.Advance(length);
            if (length == 0)
                return null;
            var accepted = new Accepted
            {
                Error = (ErrorCode)found.Error, HeadLength = (int)found.HeadLen,
            };
            if (found.Conn != IntPtr.Zero)
                accepted.Connection = new Connection(found.Conn);
            if (found.Protocol.Len > 0)
                accepted.Protocol = Encoding.ASCII.GetString(
                    protocols, (int)found.Protocol.Off, (int)found.Protocol.Len);
            return accepted;
        }

        private long Call(ReadOnlySpan<byte> input, NativeAccepted* found, Span<byte> output)
        {
            var parameters = deflate == null ? default(PmdParams) : deflate.Pack();
            fixed (byte* protocolList = protocols)
            fixed (byte* originList = origins)
            fixed (byte* headerLines = headers)
            fixed (byte* buf = &MemoryMarshal.GetReference(input))
            fixed (byte* to = &MemoryMarshal.GetReference(output))
            {
                var spec = new AcceptSpec
                {
                    Protocols = new Bytes(protocolList, protocols),
                    Origins = new Bytes(originList, origins),
                    Headers = new Bytes(headerLines, headers),
                    Pmd = deflate == null ? null : &parameters,
                    Flags = flags,
                };
                return NativeMethods.ws_conn_accept(buf, input.Length, &spec, sizeof(AcceptSpec),
                    found, sizeof(NativeAccepted), to, output.Length);
            }
        }
    }
}
