package android.content;

import android.net.Uri;
import io.haredge.standins.Control;
import io.haredge.standins.Phone;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

public abstract class ContentResolver {
    @Control
    public ContentResolver() {}

    public final InputStream openInputStream(Uri uri) throws FileNotFoundException {
        byte[] content = Phone.current().readable.get(uri.toString());
        if (content == null) {
            throw new FileNotFoundException(uri.toString());
        }
        return new ByteArrayInputStream(content);
    }

    public final OutputStream openOutputStream(Uri uri, String mode) throws FileNotFoundException {
        Phone.Document document = Phone.current().documents.get(uri.toString());
        if (document == null) {
            throw new FileNotFoundException(uri.toString());
        }
        try {
            return document.open();
        } catch (IOException error) {
            throw new FileNotFoundException(error.getMessage());
        }
    }
}
