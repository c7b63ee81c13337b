package android.content.res;

import io.haredge.standins.Control;
import io.haredge.standins.Phone;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

public final class AssetManager {
    @Control
    public AssetManager() {}

    public InputStream open(String fileName) throws IOException {
        byte[] changed = Phone.current().changedAssets.get(fileName);
        return changed != null ? new ByteArrayInputStream(changed)
                : Files.newInputStream(Path.of(System.getProperty("haredge.assets"), fileName));
    }
}
