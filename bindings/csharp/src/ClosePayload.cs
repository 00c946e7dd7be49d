using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Wscodec
{
    /// <summary>The payload of a close frame (RFC 6455, 5.5.1); if empty, code 1005.</summary>
    public static unsafe class ClosePayload
    {
        public const int NoStatus = 1005;
        private const int MaxReason = Frame.MaxControl - 2;

        public static (int Code, string Reason) Parse(ReadOnlySpan<byte> payload)
        {
            ushort code;
            int length;
            fixed (byte* from = &MemoryMarshal.GetReference(payload))
                length = ErrorCodes.Check(
                    NativeMethods.ws_close_parse(from, payload.Length, &code), nameof(payload));
            return (code, Encoding.UTF8.GetString(payload.Slice(payload.Length - length)));
        }

        /// <summary>The payload with this code and reason, which must be UTF-8.</summary>
        public static byte[] Build(int code, byte[] reason)
        {
            Check(code, reason);
            byte* output = stackalloc byte[Frame.MaxControl];
            fixed (byte* from = reason)
            {
                long result = NativeMethods.ws_close_build(
                    (ushort)code, from, reason.Length, output, Frame.MaxControl);
                int length = ErrorCodes.Check(result, nameof(reason));
                return new ReadOnlySpan<byte>(output, length).ToArray();
            }
        }

        internal static void Check(int code, byte[] reason)
        {
            bool valid = code >= 0 && code <= ushort.MaxValue
                && NativeMethods.ws_close_code_valid((ushort)code) != 0;
            if (!valid && code != NoStatus)
                throw new ArgumentException(code + " cannot be sent", nameof(code));
            if (reason.Length > MaxReason)
                throw new ArgumentException("longer than 123 bytes", nameof(reason));
        }
    }
}
