using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>The errors of wscodec.h, WS_ERR_* there.</summary>
    public enum ErrorCode
    {
        None = 0,
        InvalidArgument = -1,
        BufferTooSmall = -2,
        InvalidState = -3,
        NoMemory = -4,
        Unsupported = -5,
        Random = -6,
        HttpSyntax = -20,
        HttpTooLarge = -21,
        NotUpgrade = -22,
        HttpMethod = -23,
        HttpVersion = -24,
        HandshakeHost = -25,
        HandshakeKey = -26,
        HandshakeVersion = -27,
        HandshakeStatus = -28,
        HandshakeAccept = -29,
        HandshakeProtocol = -30,
        Extension = -31,
        HandshakeOrigin = -32,
        ReservedBits = -40,
        Opcode = -41,
        Length = -42,
        Mask = -43,
        ControlFrame = -44,
        Fragmentation = -45,
        ClosePayload = -46,
        Utf8 = -47,
        TooBig = -48,
        Compression = -49,
        Eof = -50,
    }

    /// <summary>What an error means.</summary>
    public static unsafe class ErrorCodes
    {
        /// <summary>A short phrase in English.</summary>
        public static string Description(this ErrorCode error)
        {
            return Marshal.PtrToStringAnsi((IntPtr)NativeMethods.ws_strerror((long)error));
        }

        /// <summary>The close code that reports the error (RFC 6455, 7.4.1).</summary>
        public static int CloseCode(this ErrorCode error)
        {
            return NativeMethods.ws_close_code_for((long)error);
        }

        /// <summary>The HTTP status that rejects a request with this error.</summary>
        public static int HttpStatus(this ErrorCode error)
        {
            return NativeMethods.ws_http_status((long)error);
        }

        /// <summary>
        /// Returns a count, or throws what .NET programs expect: ProtocolException for what a peer
        /// or the system can cause.
        /// </summary>
        internal static int Check(long result, string argument)
        {
            if (result >= 0)
                return checked((int)result);
            var error = (ErrorCode)result;
            string text = error.Description();
            switch (error)
            {
                case ErrorCode.InvalidArgument:
                    throw new ArgumentException(text, argument);
                case ErrorCode.InvalidState:
                    throw new InvalidOperationException(text);
                case ErrorCode.Unsupported:
                    throw new NotSupportedException(text);
                case ErrorCode.NoMemory:
                    throw new OutOfMemoryException(text);
                default:
                    throw new ProtocolException(error);
            }
        }
    }

    /// <summary>
    /// The peer violated the protocol, its stream ended too early, or the handshake failed.
    /// </summary>
    public class ProtocolException : IOException
    {
        public ErrorCode Error { get; }

        public ProtocolException(ErrorCode error) : base(error.Description())
        {
            Error = error;
        }
    }

    /// <summary>A valid HTTP request that is not a WebSocket upgrade.</summary>
    public sealed class NotUpgradeException : ProtocolException
    {
        public RequestHead Request { get; }

        internal NotUpgradeException(RequestHead request) : base(ErrorCode.NotUpgrade)
        {
            Request = request;
        }
    }

    /// <summary>The status of the server's response is not 101.</summary>
    public sealed class StatusException : ProtocolException
    {
        public ResponseHead Response { get; }

        internal StatusException(ResponseHead response) : base(ErrorCode.HandshakeStatus)
        {
            Response = response;
        }
    }
}
