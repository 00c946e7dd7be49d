using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>
    /// Decodes a stream of frames that is split anywhere. Its only memory is 64 bytes.
    /// </summary>
    public sealed unsafe class FrameDecoder
    {
        private readonly object gate = new object();
        private NativeDecoder state;

        /// <param name="role">The side that reads.</param>
        /// <param name="maxPayload">The longest payload that a frame may have; 0: any.</param>
        public FrameDecoder(
            Role role, FrameOptions options = FrameOptions.None, long maxPayload = 0)
        {
            if (maxPayload < 0)
                throw new ArgumentOutOfRangeException(nameof(maxPayload));
            fixed (NativeDecoder* decoder = &state)
                ErrorCodes.Check(NativeMethods.ws_decoder_init(decoder,
                    (uint)role | (uint)options, (ulong)maxPayload), nameof(options));
        }

        /// <summary>
        /// Decodes frames, unmasks them in place, and replaces the list by them. Returns how many
        /// bytes were consumed; pass the rest again. An error is thrown after the frames before
        /// it were reported, and by every later call.
        /// </summary>
        public int Feed(Memory<byte> input, List<Frame> frames)
        {
            frames.Clear();
            var found = stackalloc NativeFrame[NativeMethods.Events];
            long consumed;
            lock (gate)
            {
                int count;
                fixed (NativeDecoder* decoder = &state)
                fixed (byte* buf = &MemoryMarshal.GetReference(input.Span))
                    count = ErrorCodes.Check(NativeMethods.ws_decoder_feed(decoder, buf,
                        input.Length, found, NativeMethods.Events, &consumed), nameof(input));
                for (int i = 0; i < count; i++)
                    frames.Add(new Frame(&found[i], input));
            }
            return (int)consumed;
        }

        /// <summary>Checks that the stream may end here.</summary>
        public void Finish()
        {
            lock (gate)
            {
                fixed (NativeDecoder* decoder = &state)
                    ErrorCodes.Check(NativeMethods.ws_decoder_finish(decoder), null);
            }
        }
    }
}
