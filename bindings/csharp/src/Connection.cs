using System;
using System.Buffers;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace Wscodec
{
    /// <summary>
    /// A WebSocket connection after its opening handshake, without its socket: bytes go in, events
    /// come out, and what is to be sent is written to an IBufferWriter.
    /// </summary>
    /// <remarks>
    /// Threads may share a connection: its methods exclude one another. Dispose frees its memory;
    /// so does the garbage collector, later.
    /// </remarks>
    public sealed unsafe class Connection : IDisposable
    {
        private const int MaxOutput = 139;
        private const int MaxHeader = 14;
        private readonly ConnectionHandle handle;
        private readonly bool compresses;

        /// <param name="deflate">What the handshake has agreed on; null: no compression.</param>
        public Connection(Role role, Deflate deflate = null)
            : this(NativeMethods.ws_conn_new((uint)role, null))
        {
            if (deflate == null)
                return;
            var parameters = deflate.Pack();
            long result = NativeMethods.ws_conn_set_pmd(handle, &parameters);
            ErrorCodes.Check(result, nameof(deflate));
            compresses = true;
        }

        /// <summary>Owns a connection of the library.</summary>
        internal Connection(IntPtr conn)
        {
            handle = new ConnectionHandle(conn);
            compresses = Deflate != null;
        }

        /// <summary>
        /// Processes input (RFC 6455, 5): unmasks it, and replaces the events by those found.
        /// Returns how many bytes were consumed. That may be fewer than all: call Flush, then
        /// pass the rest. An error is thrown after the events before it were reported, and by
        /// every later call.
        /// </summary>
        public int Receive(Memory<byte> input, List<Event> events)
        {
            events.Clear();
            var found = stackalloc NativeEvent[NativeMethods.Events];
            long consumed;
            lock (handle)
            {
                int count;
                fixed (byte* buf = &MemoryMarshal.GetReference(input.Span))
                    count = ErrorCodes.Check(NativeMethods.ws_conn_recv(handle, buf, input.Length,
                        found, NativeMethods.Events, &consumed), nameof(input));
                for (int i = 0; i < count; i++)
                    events.Add(Read(input, &found[i]));
            }
            return (int)consumed;
        }

        private Event Read(Memory<byte> input, NativeEvent* found)
        {
            var flags = (EventFlags)found->Flags;
            var data = (flags & EventFlags.Collected) != 0
                ? Copy(found)
                : input.Slice((int)found->Off, (int)found->Len);
            return new Event((Opcode)found->Opcode, flags, found->CloseCode, data);
        }

        /// <summary>
        /// The library's memory is valid only until the next call, so nobody gets a view of it.
        /// </summary>
        private ReadOnlyMemory<byte> Copy(NativeEvent* found)
        {
            byte* data = NativeMethods.ws_event_data(handle, null, found);
            return new ReadOnlySpan<byte>(data, checked((int)found->Len)).ToArray();
        }

        /// <summary>Writes what the connection itself has to send: a pong, or a close.</summary>
        public void Flush(IBufferWriter<byte> output)
        {
            lock (handle)
            {
                fixed (byte* to = &MemoryMarshal.GetReference(Room(output, MaxOutput)))
                {
                    long result = NativeMethods.ws_conn_output(handle, to, MaxOutput);
                    output.Advance(ErrorCodes.Check(result, nameof(output)));
                }
            }
        }

        private static Span<byte> Room(IBufferWriter<byte> output, int size)
        {
            var room = output.GetSpan(size);
            if (room.Length < size)
                throw new ArgumentException("GetSpan returned less than asked for", nameof(output));
            return room;
        }

        /// <summary>
        /// Writes a message: Text or Binary; or with SendFlags.More a fragment of one (RFC 6455,
        /// 5.4), all with the opcode of the message; or a Ping or Pong of at most 125 bytes.
        /// </summary>
        public void Send(Opcode opcode, ReadOnlySpan<byte> payload, IBufferWriter<byte> output,
            SendFlags flags = SendFlags.None)
        {
            CheckSendable(opcode, payload.Length, flags);
            lock (handle)
            {
                long bound = compresses
                    ? NativeMethods.ws_conn_send_bound(handle, payload.Length)
                    : (long)payload.Length + MaxHeader;
                var room = Room(output, checked((int)bound));
                if (payload.Overlaps(room))
                    throw new ArgumentException("overlaps the output", nameof(payload));
                fixed (byte* from = &MemoryMarshal.GetReference(payload))
                fixed (byte* to = &MemoryMarshal.GetReference(room))
                {
                    long result = NativeMethods.ws_conn_send(
                        handle, (int)opcode, (uint)flags, from, payload.Length, to, bound);
                    output.Advance(ErrorCodes.Check(result, nameof(flags)));
                }
            }
        }

        /// <summary>Writes a text.</summary>
        public void Send(string text, IBufferWriter<byte> output)
        {
            Send(Opcode.Text, Encoding.UTF8.GetBytes(text), output);
        }

        private static void CheckSendable(Opcode opcode, int length, SendFlags flags)
        {
            bool control = opcode == Opcode.Ping || opcode == Opcode.Pong;
            if (!control && opcode != Opcode.Text && opcode != Opcode.Binary)
                throw new ArgumentException(opcode + " cannot be sent", nameof(opcode));
            if (control && length > Frame.MaxControl)
                throw new ArgumentException("more than 125 bytes in a " + opcode, "payload");
            if (control && (flags & SendFlags.More) != 0)
                throw new ArgumentException("a " + opcode + " has no fragments", nameof(flags));
        }

        /// <summary>
        /// Writes a close frame, which starts the closing handshake, unless one was sent before.
        /// Code 1005 stands for none.
        /// </summary>
        public void SendClose(int code, string reason, IBufferWriter<byte> output)
        {
            var bytes = Encoding.UTF8.GetBytes(reason ?? "");
            ClosePayload.Check(code, bytes);
            lock (handle)
            {
                fixed (byte* from = bytes)
                fixed (byte* to = &MemoryMarshal.GetReference(Room(output, MaxOutput)))
                {
                    long result = NativeMethods.ws_conn_close(
                        handle, (ushort)code, from, bytes.Length, to, MaxOutput);
                    output.Advance(ErrorCodes.Check(result, nameof(reason)));
                }
            }
        }

        /// <summary>
        /// Says that the peer's stream has ended. Throws unless its close frame had arrived.
        /// </summary>
        public void Finish()
        {
            lock (handle)
                ErrorCodes.Check(NativeMethods.ws_conn_finish(handle), null);
        }

        public State State
        {
            get
            {
                lock (handle)
                    return (State)NativeMethods.ws_conn_state(handle);
            }
        }

        /// <summary>Whether it reads nothing more: it is Closed or Failed.</summary>
        public bool IsEnded => State >= State.Closed;

        public void Set(Option option, long value)
        {
            if (value < 0)
                throw new ArgumentOutOfRangeException(nameof(value));
            lock (handle)
                ErrorCodes.Check(
                    NativeMethods.ws_conn_set(handle, (int)option, (ulong)value), nameof(value));
        }

        public long Get(Option option)
        {
            return Get((int)option);
        }

        public long Get(Fact fact)
        {
            return Get((int)fact);
        }

        private long Get(int number)
        {
            ulong value;
            lock (handle)
                ErrorCodes.Check(NativeMethods.ws_conn_get(handle, number, &value), null);
            return (long)value;
        }

        /// <summary>The compression that was agreed on; null: none.</summary>
        public Deflate Deflate
        {
            get
            {
                PmdParams parameters;
                lock (handle)
                    return NativeMethods.ws_conn_get_pmd(handle, &parameters) > 0
                        ? Deflate.Unpack(parameters) : null;
            }
        }

        /// <summary>Frees the memory of the connection; it sends nothing.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }
    }
}
