using System;
using System.Text;

namespace Wscodec
{
    /// <summary>
    /// A message, a chunk of one (with Option.Stream), or a control frame.
    /// </summary>
    public struct Event
    {
        /// <summary>Never Continuation.</summary>
        public Opcode Opcode { get; }

        public EventFlags Flags { get; }

        /// <summary>Of a close: its code, or 1005; else 0.</summary>
        public int CloseCode { get; }

        /// <summary>
        /// The payload; of a close, the reason. It is a part of the input of Connection.Receive, to
        /// be used before that is filled again; or, with EventFlags.Collected, a copy.
        /// </summary>
        public ReadOnlyMemory<byte> Data { get; }

        internal Event(Opcode opcode, EventFlags flags, int closeCode, ReadOnlyMemory<byte> data)
        {
            Opcode = opcode;
            Flags = flags;
            CloseCode = closeCode;
            Data = data;
        }

        /// <summary>Whether it is, or belongs to, a message.</summary>
        public bool IsData => Opcode < Opcode.Close;

        public bool IsLast => (Flags & EventFlags.Last) != 0;

        /// <summary>
        /// The data of a whole text, which the library has checked, or the reason of a close.
        /// </summary>
        public string Text => Encoding.UTF8.GetString(Data.Span);
    }
}
