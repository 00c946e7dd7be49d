using System;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>
    /// Validates UTF-8 that arrives in parts, and fails at the first byte that proves it invalid.
    /// </summary>
    public sealed unsafe class Utf8Validator
    {
        private uint state;

        /// <summary>Validates the next part.</summary>
        public void Push(ReadOnlySpan<byte> part)
        {
            uint next = state;
            fixed (byte* from = &MemoryMarshal.GetReference(part))
            {
                long result = NativeMethods.ws_utf8_validate(&next, from, part.Length);
                state = next;
                ErrorCodes.Check(result, nameof(part));
            }
        }

        /// <summary>Whether the text so far ends on a character boundary.</summary>
        public bool IsComplete => state == 0;
    }
}
