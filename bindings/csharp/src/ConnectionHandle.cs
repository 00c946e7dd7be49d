using System;
using System.Runtime.InteropServices;

namespace Wscodec
{
    /// <summary>Owns a ws_conn: it is freed once, and not while a call uses it.</summary>
    internal sealed class ConnectionHandle : SafeHandle
    {
        internal ConnectionHandle(IntPtr conn) : base(IntPtr.Zero, true)
        {
            if (conn == IntPtr.Zero)
                throw new OutOfMemoryException("wscodec: no memory for a connection");
            SetHandle(conn);
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected override bool ReleaseHandle()
        {
            NativeMethods.ws_conn_free(handle);
            return true;
        }
    }
}
