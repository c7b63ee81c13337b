package android.util;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;

public class AtomicFile {
    private final File file;
    private final File fresh;

    public AtomicFile(File baseName) {
        file = baseName;
        fresh = new File(baseName.getPath() + ".new");
    }

    public FileInputStream openRead() throws FileNotFoundException {
        return new FileInputStream(file);
    }

    public FileOutputStream startWrite() throws IOException {
        return new FileOutputStream(fresh);
    }

    public void finishWrite(FileOutputStream str) {
        try {
            str.close();
            Files.move(fresh.toPath(), file.toPath(), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException error) {
            throw new AssertionError(error);
        }
    }

    public void failWrite(FileOutputStream str) {
        fresh.delete();
    }

    public void delete() {
        file.delete();
    }
}
