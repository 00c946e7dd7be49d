using System;
using System.Text;

namespace Wscodec
{
    /// <summary>Parameters of permessage-deflate (RFC 7692, 7.1).</summary>
    public sealed unsafe class Deflate : IEquatable<Deflate>
    {
        private const int MaxValue = 256;

        /// <summary>The server compresses each message independently.</summary>
        public bool ServerNoContextTakeover { get; }

        /// <summary>The client compresses each message independently.</summary>
        public bool ClientNoContextTakeover { get; }

        public int ServerMaxWindowBits { get; }

        public int ClientMaxWindowBits { get; }

        /// <summary>1 to 9; not negotiated.</summary>
        public int Level { get; }

        /// <summary>1 to 9; not negotiated.</summary>
        public int MemLevel { get; }

        public Deflate(
            bool serverNoContextTakeover = false, bool clientNoContextTakeover = false,
            int serverMaxWindowBits = 15, int clientMaxWindowBits = 15,
            int level = 6, int memLevel = 8)
        {
            ServerNoContextTakeover = serverNoContextTakeover;
            ClientNoContextTakeover = clientNoContextTakeover;
            ServerMaxWindowBits = InRange(nameof(serverMaxWindowBits), serverMaxWindowBits, 8, 15);
            ClientMaxWindowBits = InRange(nameof(clientMaxWindowBits), clientMaxWindowBits, 8, 15);
            Level = InRange(nameof(level), level, 1, 9);
            MemLevel = InRange(nameof(memLevel), memLevel, 1, 9);
        }

        private static int InRange(string name, int value, int least, int most)
        {
            if (value < least || value > most)
                throw new ArgumentOutOfRangeException(
                    name, value, "not from " + least + " to " + most);
            return value;
        }

        /// <summary>
        /// Server: accepts the first acceptable offer (RFC 7692, 5.1). These are the parameters
        /// that it is willing to use. Returns null if none is acceptable.
        /// </summary>
        /// <param name="offers">
        /// All values of Sec-WebSocket-Extensions, joined with commas.
        /// </param>
        /// <param name="response">The value of the server's Sec-WebSocket-Extensions.</param>
        public Deflate Accept(string offers, out string response)
        {
            var values = Latin1.Bytes(offers, nameof(offers));
            var parameters = Pack();
            byte* output = stackalloc byte[MaxValue];
            int length;
            fixed (byte* from = values)
                length = ErrorCodes.Check(NativeMethods.ws_pmd_accept_value(
                    from, values.Length, &parameters, output, MaxValue), nameof(offers));
            response = length == 0 ? null : Encoding.ASCII.GetString(output, length);
            return length == 0 ? null : Unpack(parameters);
        }

        /// <summary>Client: the value of Sec-WebSocket-Extensions that offers these.</summary>
        public string Offer()
        {
            var parameters = Pack();
            byte* output = stackalloc byte[MaxValue];
            long result = NativeMethods.ws_pmd_offer(&parameters, output, MaxValue);
            return Encoding.ASCII.GetString(output, ErrorCodes.Check(result, null));
        }

        /// <summary>
        /// Client: what was agreed on, after these parameters were offered; null: no compression.
        /// </summary>
        /// <param name="response">
        /// All values of the server's Sec-WebSocket-Extensions, joined with commas.
        /// </param>
        public Deflate Confirm(string response)
        {
            var values = Latin1.Bytes(response, nameof(response));
            var parameters = Pack();
            fixed (byte* from = values)
            {
                long result = NativeMethods.ws_pmd_confirm_value(from, values.Length, &parameters);
                return ErrorCodes.Check(result, nameof(response)) == 0 ? null : Unpack(parameters);
            }
        }

        internal PmdParams Pack()
        {
            return new PmdParams
            {
                ServerNoContextTakeover = (byte)(ServerNoContextTakeover ? 1 : 0),
                ClientNoContextTakeover = (byte)(ClientNoContextTakeover ? 1 : 0),
                ServerMaxWindowBits = (byte)ServerMaxWindowBits,
                ClientMaxWindowBits = (byte)ClientMaxWindowBits,
                Level = (byte)Level,
                MemLevel = (byte)MemLevel,
            };
        }

        internal static Deflate Unpack(PmdParams parameters)
        {
            return new Deflate(
                parameters.ServerNoContextTakeover != 0, parameters.ClientNoContextTakeover != 0,
                parameters.ServerMaxWindowBits, parameters.ClientMaxWindowBits,
                parameters.Level, parameters.MemLevel);
        }

        private (bool, bool, int, int, int, int) Members => (
            ServerNoContextTakeover, ClientNoContextTakeover,
            ServerMaxWindowBits, ClientMaxWindowBits, Level, MemLevel);

        public bool Equals(Deflate other)
        {
            return other != null && Members.Equals(other.Members);
        }

        public override bool Equals(object other)
        {
            return Equals(other as Deflate);
        }

        public override int GetHashCode()
        {
            return Members.GetHashCode();
        }

        public override string ToString()
        {
            return Members.ToString();
        }
    }
}
