using System;
using System.Buffers;

namespace Wscodec
{
    /// <summary>
    /// Bytes to send, in an array that grows. Any other IBufferWriter, such as a PipeWriter, can
    /// take its place.
    /// </summary>
    public sealed class OutputBuffer : IBufferWriter<byte>
    {
        private const int Smallest = 4 * 1024;
        private const int Kept = 64 * 1024;
        private byte[] buffer = Array.Empty<byte>();
        private int length;

        public int Length => length;

        /// <summary>What was written since the last Clear.</summary>
        public ReadOnlyMemory<byte> Written => new ReadOnlyMemory<byte>(buffer, 0, length);

        /// <summary>Forgets what was written. An array that was large is given back.</summary>
        public void Clear()
        {
            length = 0;
            if (buffer.Length > Kept)
                buffer = Array.Empty<byte>();
        }

        public void Advance(int count)
        {
            if (count < 0 || count > buffer.Length - length)
                throw new ArgumentOutOfRangeException(nameof(count));
            length += count;
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Reserve(Math.Max(sizeHint, 1));
            return buffer.AsMemory(length);
        }

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            Reserve(Math.Max(sizeHint, 1));
            return buffer.AsSpan(length);
        }

        private void Reserve(int size)
        {
            if (size <= buffer.Length - length)
                return;
            int needed = checked(length + size);
            long doubled = Math.Min(2L * buffer.Length, int.MaxValue - 64);
            Array.Resize(ref buffer, Math.Max(needed, Math.Max((int)doubled, Smallest)));
        }
    }
}
