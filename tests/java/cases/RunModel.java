import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import org.tensorflow.contrib.android.TensorFlowInferenceInterface;

/** {@code RunModel MODEL INPUT FILE OUTPUT FILE}: one row of floats in, one row of floats out. */
public final class RunModel {
  public static void main(String[] words) throws IOException {
    try (FileInputStream model = new FileInputStream(words[0]);
        FileChannel from = FileChannel.open(Paths.get(words[2]));
        FileOutputStream to = new FileOutputStream(words[4]);
        TensorFlowInferenceInterface inference = new TensorFlowInferenceInterface(model)) {
      FloatBuffer given =
          from.map(FileChannel.MapMode.READ_ONLY, 0, from.size())
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      inference.feed(words[1], given, 1, given.remaining());
      inference.run(new String[] {words[3]});
      int count = 1;
      for (long size : inference.fetchShape(words[3])) {
        count *= (int) size;
      }
      ByteBuffer found = ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder());
      inference.fetch(words[3], found.asFloatBuffer());
      to.getChannel().write(found);
    }
  }
}
