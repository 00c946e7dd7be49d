using System;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>
    /// Looks for the end of a head that arrives in many reads, in linear time. One for each head.
    /// </summary>
    public sealed unsafe class HeadScanner
    {
        private long scanned;

        /// <summary>
        /// Whether the head is complete, or can no longer become valid: then parse it. The bytes
        /// of the last call must be there again.
        /// </summary>
        public bool IsReady(ReadOnlySpan<byte> input)
        {
            long position = scanned;
            fixed (byte* buf = &MemoryMarshal.GetReference(input))
            {
                long result = NativeMethods.ws_head_length(buf, input.Length, &position);
                scanned = position;
                return result != 0;
            }
        }
    }
}
