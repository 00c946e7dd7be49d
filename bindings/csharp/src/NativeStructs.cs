using System;

// The structs of wscodec.h. Their names there: NativeEvent is ws_event, PmdParams ws_pmd_params.
#pragma warning disable 169, 649
namespace Wscodec
{
    internal struct NativeSpan
    {
        internal uint Off;
        internal uint Len;
    }

    internal unsafe struct Bytes
    {
        internal byte* Data;
        internal long Len;

        internal Bytes(byte* data, byte[] of)
        {
            Data = data;
            Len = of == null ? 0 : of.Length;
        }
    }

    internal struct NativeHandshake
    {
        internal NativeSpan Method;
        internal NativeSpan Target;
        internal NativeSpan Host;
        internal NativeSpan Origin;
        internal NativeSpan Key;
        internal uint HeadLen;
        internal uint HttpVersion;
    }

    internal struct NativeResponse
    {
        internal NativeSpan Protocol;
        internal NativeSpan Extensions;
        internal uint HeadLen;
        internal ushort Status;
        internal ushort HttpVersion;
        internal NativeSpan Reason;
    }

    internal struct RequestSpec
    {
        internal Bytes Host;
        internal Bytes Target;
        internal Bytes Key;
        internal Bytes Origin;
        internal Bytes Protocols;
        internal Bytes Extensions;
        internal Bytes Headers;
    }

    internal unsafe struct AcceptSpec
    {
        internal Bytes Protocols;
        internal Bytes Headers;
        internal PmdParams* Pmd;
        internal void* Allocator;
        internal Bytes Origins;
        internal uint Flags;
        internal uint Reserved;
    }

    internal struct NativeAccepted
    {
        internal IntPtr Conn;
        internal long Error;
        internal uint HeadLen;
        internal NativeSpan Protocol;
        internal uint Reserved;
    }

    internal unsafe struct NativeFrame
    {
        internal ulong PayloadLen;
        internal ulong ChunkPos;
        internal ulong ChunkOff;
        internal ulong ChunkLen;
        internal fixed byte MaskKey[4];
        internal byte Opcode;
        internal byte Flags;
        internal byte HeaderLen;
        internal byte MessageOpcode;
    }

    internal unsafe struct NativeDecoder
    {
        internal fixed ulong Opaque[8];
    }

    internal struct PmdParams
    {
        internal byte ServerNoContextTakeover;
        internal byte ClientNoContextTakeover;
        internal byte ServerMaxWindowBits;
        internal byte ClientMaxWindowBits;
        internal byte Level;
        internal byte MemLevel;
        internal ushort Reserved;
    }

    internal struct NativeEvent
    {
        internal ulong Off;
        internal ulong Len;
        internal ushort Opcode;
        internal ushort Flags;
        internal ushort CloseCode;
        internal ushort Reserved;
    }
}
