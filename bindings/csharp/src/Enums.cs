using System;

namespace Wscodec
{
    /// <summary>What a frame is (RFC 6455, 5.2).</summary>
    public enum Opcode
    {
        Continuation = 0x0,
        Text = 0x1,
        Binary = 0x2,
        Close = 0x8,
        Ping = 0x9,
        Pong = 0xA,
    }

    /// <summary>The side that this program is. Its input comes from the other side.</summary>
    public enum Role
    {
        Server = 0,
        Client = 1,
    }

    /// <summary>
    /// The state of a connection. After Closed or Failed: send all output, then end it.
    /// </summary>
    public enum State
    {
        Open = 0,
        Closing = 1,
        Closed = 2,
        Failed = 3,
    }

    /// <summary>The options of a connection: WS_OPT_* in wscodec.h. A switch is 0 or 1.</summary>
    public enum Option
    {
        /// <summary>Most bytes of an incoming message; 0: no limit; 1 MiB by default.</summary>
        MaxMessage = 1,
        /// <summary>Switch: report messages in chunks as they arrive.</summary>
        Stream = 2,
        /// <summary>Switch: reply to pings; 1 by default.</summary>
        AutoPong = 3,
        /// <summary>Switch: incoming text must be UTF-8; 1 by default.</summary>
        CheckUtf8 = 4,
        /// <summary>Most bytes of message memory to keep between messages.</summary>
        KeepBuffer = 5,
        /// <summary>Most bytes of payload that one data frame may announce; 0: any.</summary>
        MaxFrame = 6,
        /// <summary>Switch: accept masked and unmasked frames.</summary>
        AnyMask = 7,
        /// <summary>Switch: reply to a close, and report errors with one; 1 by default.</summary>
        AutoClose = 8,
        /// <summary>The reserved bits that messages may have, for an extension of yours.</summary>
        AllowRsv = 9,
        /// <summary>Bytes: shorter messages are sent uncompressed.</summary>
        CompressFrom = 10,
    }

    /// <summary>What a connection knows of itself: WS_INFO_* in wscodec.h.</summary>
    public enum Fact
    {
        CloseSent = 100,
        CloseReceived = 101,
        ClosedByPeer = 102,
        Sending = 103,
        Receiving = 104,
        Announced = 105,
        Buffered = 106,
    }

    /// <summary>What a reader of frames accepts.</summary>
    [Flags]
    public enum FrameOptions
    {
        None = 0,
        /// <summary>RSV1 on the first frame of a message.</summary>
        Deflate = 0x02,
        /// <summary>Masked and unmasked frames.</summary>
        AnyMask = 0x04,
        /// <summary>Do not unmask.</summary>
        KeepMasked = 0x08,
        /// <summary>All reserved bits of data frames.</summary>
        AnyRsv = 0x10,
    }

    /// <summary>Flags of a frame. Only Fin and the reserved bits can be encoded.</summary>
    [Flags]
    public enum FrameFlags
    {
        None = 0,
        Masked = 0x01,
        /// <summary>This part starts the payload.</summary>
        Begin = 0x02,
        /// <summary>This part ends the payload.</summary>
        End = 0x04,
        Rsv3 = 0x10,
        Rsv2 = 0x20,
        Rsv1 = 0x40,
        Fin = 0x80,
    }

    /// <summary>Flags of an event.</summary>
    [Flags]
    public enum EventFlags
    {
        None = 0,
        /// <summary>It starts its message.</summary>
        First = 0x1,
        /// <summary>It ends its message.</summary>
        Last = 0x2,
        /// <summary>The library had collected it: the data is a copy.</summary>
        Collected = 0x4,
        /// <summary>It ends a frame.</summary>
        FrameEnd = 0x8,
        Rsv3 = 0x10,
        Rsv2 = 0x20,
        Rsv1 = 0x40,
    }

    /// <summary>Flags for Connection.Send.</summary>
    [Flags]
    public enum SendFlags
    {
        None = 0,
        /// <summary>More fragments of this message follow.</summary>
        More = 0x1,
        /// <summary>Do not compress.</summary>
        Plain = 0x2,
        Rsv3 = 0x10,
        Rsv2 = 0x20,
        Rsv1 = 0x40,
    }
}
