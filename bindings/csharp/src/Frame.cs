using System;
using System.Buffers;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>
    /// A frame (RFC 6455, 5.2), or, from a FrameDecoder, the part of one that has arrived.
    /// </summary>
    public sealed unsafe class Frame
    {
        public const int MaxControl = 125;
        private const int MaxHeader = 14;
        private const FrameFlags Encodable =
            FrameFlags.Fin | FrameFlags.Rsv1 | FrameFlags.Rsv2 | FrameFlags.Rsv3;

        /// <summary>The frame's own.</summary>
        public Opcode Opcode { get; }

        /// <summary>
        /// Of the message that it belongs to; from a FrameDecoder also for a continuation.
        /// </summary>
        public Opcode MessageOpcode { get; }

        public FrameFlags Flags { get; }

        /// <summary>Null if the frame is not masked.</summary>
        public byte[] MaskingKey { get; }

        /// <summary>The length that the header announced.</summary>
        public long PayloadLength { get; }

        public int HeaderLength { get; }

        /// <summary>Where in the whole payload this part starts.</summary>
        public long Position { get; }

        /// <summary>A part of the input, unmasked.</summary>
        public ReadOnlyMemory<byte> Payload { get; }

        /// <summary>Reads a ws_frame whose positions are those in the input.</summary>
        internal Frame(NativeFrame* found, Memory<byte> input)
        {
            Opcode = (Opcode)found->Opcode;
            MessageOpcode = (Opcode)found->MessageOpcode;
            Flags = (FrameFlags)found->Flags;
            MaskingKey = (Flags & FrameFlags.Masked) == 0
                ? null : new ReadOnlySpan<byte>(found->MaskKey, 4).ToArray();
            PayloadLength = (long)found->PayloadLen;
            HeaderLength = found->HeaderLen;
            Position = (long)found->ChunkPos;
            Payload = input.Slice((int)found->ChunkOff, (int)found->ChunkLen);
        }

        /// <summary>
        /// Decodes the frame at the start of the input, and unmasks it in place. Returns its
        /// length, or 0 while it is incomplete.
        /// </summary>
        /// <param name="role">The side that reads.</param>
        public static int Decode(
            Memory<byte> input, Role role, FrameOptions options, out Frame frame)
        {
            NativeFrame found;
            int length;
            fixed (byte* buf = &MemoryMarshal.GetReference(input.Span))
                length = ErrorCodes.Check(NativeMethods.ws_frame_decode(
                    buf, input.Length, (uint)role | (uint)options, &found), nameof(options));
            frame = length == 0 ? null : new Frame(&found, input);
            return length;
        }

        /// <summary>Writes a frame.</summary>
        /// <param name="flags">Fin and the reserved bits.</param>
        /// <param name="maskingKey">4 unpredictable bytes; null: unmasked.</param>
        public static void Encode(Opcode opcode, FrameFlags flags, byte[] maskingKey,
            ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
        {
            Check(opcode, flags, maskingKey, payload.Length);
            int size = checked((int)NativeMethods.ws_frame_size(
                (ulong)payload.Length, maskingKey == null ? 0 : 1));
            var room = output.GetSpan(size);
            if (payload.Overlaps(room))
                throw new ArgumentException("overlaps the output", nameof(payload));
            fixed (byte* key = maskingKey)
            fixed (byte* from = &MemoryMarshal.GetReference(payload))
            fixed (byte* to = &MemoryMarshal.GetReference(room))
            {
                long result = NativeMethods.ws_frame_encode((int)opcode, (uint)flags, key, from,
                    payload.Length, to, room.Length);
                output.Advance(ErrorCodes.Check(result, nameof(opcode)));
            }
        }

        /// <summary>
        /// The header of a frame whose payload is sent apart; mask that yourself.
        /// </summary>
        public static byte[] Header(
            Opcode opcode, FrameFlags flags, byte[] maskingKey, long payloadLength)
        {
            Check(opcode, flags, maskingKey, payloadLength);
            byte* output = stackalloc byte[MaxHeader];
            fixed (byte* key = maskingKey)
            {
                long result = NativeMethods.ws_frame_header(
                    (int)opcode, (uint)flags, key, (ulong)payloadLength, output, MaxHeader);
                int length = ErrorCodes.Check(result, nameof(opcode));
                return new ReadOnlySpan<byte>(output, length).ToArray();
            }
        }

        private static void Check(
            Opcode opcode, FrameFlags flags, byte[] maskingKey, long payloadLength)
        {
            if ((flags & ~Encodable) != 0)
                throw new ArgumentException("others than Fin and Rsv1 to Rsv3", nameof(flags));
            if (maskingKey != null && maskingKey.Length != 4)
                throw new ArgumentException("not 4 bytes", nameof(maskingKey));
            if (payloadLength < 0)
                throw new ArgumentOutOfRangeException(nameof(payloadLength));
            bool whole = (flags & FrameFlags.Fin) != 0 && payloadLength <= MaxControl;
            if (opcode >= Opcode.Close && !whole)
                throw new ArgumentException(
                    "a control frame needs Fin and at most 125 bytes", nameof(opcode));
        }
    }
}
