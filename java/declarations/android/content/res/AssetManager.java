package android.content.res;

import java.io.IOException;
import java.io.InputStream;

/**
 * What the library uses of Android's class of this name, so that it is compiled without an SDK.
 * It is read by the compiler alone and packed nowhere: on a device, Android's own class is called.
 */
public abstract class AssetManager {
  public abstract InputStream open(String fileName) throws IOException;
}
