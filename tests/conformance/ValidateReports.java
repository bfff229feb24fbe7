// Checks SR documents with PixelMed's SR validator: the rows of templates and the context groups of PS3.16, which
// dciodvfy does not know. One start for many files: starting and compiling the templates takes seconds, a file much less.
//
//     java ... ValidateReports.java [FILE]...      names of files may come on standard input too, one a line
//
// For each file prints "FILE name milliseconds" and what the validator says, line by line. Status 0 when all files
// could be checked, whatever was found; 1 otherwise. Run by support/pixelmed.py, which knows the JVM's options.

import com.pixelmed.validate.DicomSRValidator;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

public class ValidateReports {
    public static void main(String[] arguments) throws Exception {
        List<String> files = new ArrayList<>(Arrays.asList(arguments));
        if (files.isEmpty()) {
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                files.add(line);
            }
        }
        DicomSRValidator validator = new DicomSRValidator();
        boolean failed = false;
        for (String file : files) {
            long began = System.nanoTime();
            String said;
            try {
                said = validator.validate(file);
            } catch (Exception error) {
                said = "Failed: " + error;
                failed = true;
            }
            System.out.println("FILE " + file + " " + (System.nanoTime() - began) / 1_000_000);
            System.out.println(said);
        }
        System.exit(failed ? 1 : 0);
    }
}
