import java.io.BufferedInputStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

// Prints the length and the CRC-32 of each member of the zip archive in the standard input.
public class Stream {
    public static void main(String[] args) throws Exception {
        ZipInputStream in = new ZipInputStream(new BufferedInputStream(System.in));
        byte[] b = new byte[1 << 16];
        for (ZipEntry e; (e = in.getNextEntry()) != null; ) {
            CRC32 crc = new CRC32();
            long length = 0;
            for (int n; (n = in.read(b)) >= 0; length += n) {
                crc.update(b, 0, n);
            }
            System.out.printf("%d %08x%n", length, crc.getValue());
        }
    }
}
