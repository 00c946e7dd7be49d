using System;
using System.Text;

namespace Wscodec
{
    /// <summary>The text of heads: each character is a byte, as usual for HTTP.</summary>
    internal static class Latin1
    {
        private static readonly Encoding Encoding = Encoding.GetEncoding(
            "iso-8859-1", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);

        internal static byte[] Bytes(string text, string name)
        {
            try
            {
                return text == null ? null : Encoding.GetBytes(text);
            }
            catch (EncoderFallbackException)
            {
                throw new ArgumentException("a character above U+00FF", name);
            }
        }

        /// <summary>The text of a span of a head; null if it is absent.</summary>
        internal static string Text(ReadOnlySpan<byte> head, NativeSpan span)
        {
            return span.Off == 0 && span.Len == 0
                ? null : Encoding.GetString(head.Slice((int)span.Off, (int)span.Len));
        }
    }
}
