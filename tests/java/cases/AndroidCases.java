import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import android.content.Context;
import android.content.res.AssetManager;
import java.io.FileNotFoundException;
import java.io.InputStream;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Config;
import org.tensorflow.contrib.android.TensorFlowInferenceInterface;

/** An app's context and assets, of Android's own classes, which Robolectric runs. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 34})
public final class AndroidCases {
  private static final String MODEL = System.getProperty("model");

  private final Context context = RuntimeEnvironment.getApplication();

  @Test
  public void theAssetsAreAndroids() {
    assertEquals("android.content.res.AssetManager", context.getAssets().getClass().getName());
    String asked = System.getProperty("robolectric.enabledSdks");
    assertEquals(asked, String.valueOf(android.os.Build.VERSION.SDK_INT));
  }

  @Test
  public void anAssetIsLoadedByEitherName() throws Exception {
    AssetManager assets = context.getAssets();
    String url = "file:///android_asset/digits.pb";
    float[] byUrl = classify(new TensorFlowInferenceInterface(assets, url));
    float[] byName = classify(new TensorFlowInferenceInterface(assets, "digits.pb"));
    float[] byFile = classify(new TensorFlowInferenceInterface(assets, MODEL));
    try (InputStream stream = assets.open("digits.pb")) {
      assertArrayEquals(byUrl, classify(new TensorFlowInferenceInterface(stream)), 0);
    }
    assertArrayEquals(byUrl, byName, 0);
    assertArrayEquals(byUrl, byFile, 0);
  }

  @Test
  public void anAssetThatIsNotThere() {
    for (String name : new String[] {"file:///android_asset/none.pb", "none.pb"}) {
      RuntimeException failure =
          assertThrows(
              RuntimeException.class,
              () -> new TensorFlowInferenceInterface(context.getAssets(), name));
      assertEquals("The model " + name + " cannot be read", failure.getMessage());
      assertEquals(FileNotFoundException.class, failure.getCause().getClass());
    }
  }

  private static float[] classify(TensorFlowInferenceInterface inference) {
    float[] found = new float[10];
    inference.feed("x", new float[64], 1, 64);
    inference.run(new String[] {"probabilities"});
    inference.fetch("probabilities", found);
    inference.close();
    return found;
  }
}
