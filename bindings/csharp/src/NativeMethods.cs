using System;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security;

namespace Wscodec
{
    /// <summary>
    /// The functions of wscodec.h that this assembly calls. A size_t is a long, which spares casts;
    /// so a process of 64 bits is needed.
    /// </summary>
    [SuppressUnmanagedCodeSecurity]
    internal static unsafe class NativeMethods
    {
        internal const int Events = 64;
        private const string Library = "wscodec";

        static NativeMethods()
        {
            if (sizeof(IntPtr) != sizeof(long))
                throw new PlatformNotSupportedException("wscodec: a process of 64 bits is needed");
            NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, Resolve);
            CheckSize(5, sizeof(NativeFrame));
            CheckSize(6, sizeof(NativeDecoder));
            CheckSize(8, sizeof(PmdParams));
            CheckSize(11, sizeof(NativeEvent));
        }

        private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? search)
        {
            string path = Environment.GetEnvironmentVariable("WSCODEC_LIBRARY");
            return name == Library && !string.IsNullOrEmpty(path)
                ? NativeLibrary.Load(path) : IntPtr.Zero;
        }

        /// <summary>The frozen structs must have these sizes; others may have grown.</summary>
        private static void CheckSize(int type, int size)
        {
            if (ws_sizeof(type) != size)
                throw new DllNotFoundException("wscodec: the library has another ABI");
        }

        [DllImport(Library)]
        internal static extern long ws_sizeof(int type);

        [DllImport(Library)]
        internal static extern byte* ws_strerror(long result);

        [DllImport(Library)]
        internal static extern ushort ws_close_code_for(long error);

        [DllImport(Library)]
        internal static extern ushort ws_http_status(long error);

        [DllImport(Library)]
        internal static extern long ws_accept_key(byte* key, long keyLen, byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_parse_handshake(
            byte* buf, long len, NativeHandshake* hs, long hsSize);

        [DllImport(Library)]
        internal static extern long ws_head_length(byte* buf, long len, long* scanned);

        [DllImport(Library)]
        internal static extern long ws_make_key(byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_build_request(
            RequestSpec* spec, long specSize, byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_parse_response(
            byte* buf, long len, byte* request, long requestLen,
            NativeResponse* response, long responseSize);

        [DllImport(Library)]
        internal static extern long ws_frame_decode(
            byte* buf, long len, uint flags, NativeFrame* frame);

        [DllImport(Library)]
        internal static extern ulong ws_frame_size(ulong payloadLen, int masked);

        [DllImport(Library)]
        internal static extern long ws_frame_encode(
            int opcode, uint flags, byte* maskKey, byte* payload, long payloadLen,
            byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_frame_header(
            int opcode, uint flags, byte* maskKey, ulong payloadLen, byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_decoder_init(
            NativeDecoder* decoder, uint flags, ulong maxPayload);

        [DllImport(Library)]
        internal static extern long ws_decoder_feed(
            NativeDecoder* decoder, byte* buf, long len, NativeFrame* frames, long framesCap,
            long* consumed);

        [DllImport(Library)]
        internal static extern long ws_decoder_finish(NativeDecoder* decoder);

        [DllImport(Library)]
        internal static extern long ws_utf8_validate(uint* state, byte* buf, long len);

        [DllImport(Library)]
        internal static extern long ws_close_parse(byte* payload, long len, ushort* code);

        [DllImport(Library)]
        internal static extern long ws_close_build(
            ushort code, byte* reason, long reasonLen, byte* output, long cap);

        [DllImport(Library)]
        internal static extern int ws_close_code_valid(ushort code);

        [DllImport(Library)]
        internal static extern long ws_pmd_accept_value(
            byte* offers, long offersLen, PmdParams* parameters, byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_pmd_offer(PmdParams* parameters, byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_pmd_confirm_value(
            byte* response, long responseLen, PmdParams* parameters);

        [DllImport(Library)]
        internal static extern IntPtr ws_conn_new(uint side, void* allocator);

        [DllImport(Library)]
        internal static extern void ws_conn_free(IntPtr conn);

        [DllImport(Library)]
        internal static extern long ws_conn_set_pmd(ConnectionHandle conn, PmdParams* parameters);

        [DllImport(Library)]
        internal static extern long ws_conn_get_pmd(ConnectionHandle conn, PmdParams* parameters);

        [DllImport(Library)]
        internal static extern long ws_conn_set(ConnectionHandle conn, int option, ulong value);

        [DllImport(Library)]
        internal static extern long ws_conn_get(ConnectionHandle conn, int option, ulong* value);

        [DllImport(Library)]
        internal static extern byte* ws_event_data(
            ConnectionHandle conn, byte* buf, NativeEvent* found);

        [DllImport(Library)]
        internal static extern long ws_conn_recv(
            ConnectionHandle conn, byte* buf, long len, NativeEvent* events, long eventsCap,
            long* consumed);

        [DllImport(Library)]
        internal static extern long ws_conn_output(ConnectionHandle conn, byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_conn_send(
            ConnectionHandle conn, int opcode, uint flags, byte* payload, long payloadLen,
            byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_conn_send_bound(ConnectionHandle conn, long payloadLen);

        [DllImport(Library)]
        internal static extern long ws_conn_close(
            ConnectionHandle conn, ushort code, byte* reason, long reasonLen,
            byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_conn_finish(ConnectionHandle conn);

        [DllImport(Library)]
        internal static extern int ws_conn_state(ConnectionHandle conn);

        [DllImport(Library)]
        internal static extern long ws_conn_accept(
            byte* buf, long len, AcceptSpec* spec, long specSize,
            NativeAccepted* accepted, long acceptedSize, byte* output, long cap);

        [DllImport(Library)]
        internal static extern long ws_conn_confirm(
            byte* buf, long len, byte* request, long requestLen, PmdParams* offered,
            void* allocator, IntPtr* conn, NativeResponse* response, long responseSize);
    }
}
